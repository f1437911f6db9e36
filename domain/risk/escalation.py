"""From refusals to states: what a rule's strike policy says of a subject that goes on."""

from domain.risk.rules import Limit, Rule, StrikePolicy
from domain.risk.states import State
from domain.risk.subjects import SubjectKind

_BY_VERDICT = (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS, SubjectKind.PAYMENT)


def struck_kinds(rule: Rule) -> tuple[SubjectKind, ...]:
    """Whose refusals a rule counts: of a limit those whom it counts by; of a verdict whoever is named."""
    return rule.effect.key if isinstance(rule.effect, Limit) else _BY_VERDICT


def state_after(policy: StrikePolicy, refusals: int) -> State:
    """The hardest state that so many refusals within the policy's window bring; NONE if none."""
    steps = (
        (policy.confirmed_after, State.CONFIRMED),
        (policy.challenged_after, State.CHALLENGED),
        (policy.suspect_after, State.SUSPECT),
    )
    return next((state for after, state in steps if after and refusals >= after), State.NONE)
