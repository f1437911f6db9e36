"""How long property tests look: briefly in CI, for millions of steps with `HYPOTHESIS_PROFILE=long`."""

import os

from hypothesis import HealthCheck, Phase, settings

# Time is measured in benchmarks/, never in a test: a machine that is busy breaks no rule.
settings.register_profile(
    # Always the same histories, so that a commit is never held up by what it did not change.
    "brief",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile(
    # `tools.mutants` asks only whether a test fails, not for the shortest history that shows why.
    "mutants",
    max_examples=100,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "brief"))
