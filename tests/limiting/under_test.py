"""The script that decides, with the clock in the hands of a test, and what lies in Redis after it.

The script as it is shipped asks the server's clock and has no argument for another: nobody can hand it a
time by mistake. The one line that asks is replaced here.
"""

import struct
from collections.abc import Sequence
from typing import cast

import redis

from domain.risk.buckets import Buckets
from domain.risk.reckoning import Reckoning
from domain.risk.stamps import Stamps
from domain.risk.window import Window
from servers.mesh.limiting.keys import Keys, epoch_key
from servers.mesh.limiting.script import DECIDE, Request, answered, encoded
from tests.limiting.histories import Step

ASKS_THE_TIME = "redis.call('TIME')"
TOLD_THE_TIME = "{0, ARGV[2] * 1000}"
"""In place of a name for a new epoch: there is one."""
EPOCH = b"0-test"


class ScriptUnderTest:
    """Puts steps of many subjects to the script, each at its own time."""

    def __init__(self, url: str) -> None:
        if DECIDE.text.count(ASKS_THE_TIME) != 1:
            raise ValueError("the script asks the time in another way than this test knows")
        self._client = redis.Redis.from_url(url)
        self._client.flushall()
        self._client.set(epoch_key(0), EPOCH)
        self._name = self._client.script_load(DECIDE.text.replace(ASKS_THE_TIME, TOLD_THE_TIME))
        self._keys = Keys(b"a secret of tests")

    def decide(self, steps: Sequence[tuple[str, Step]]) -> list[Reckoning]:
        """The decisions on one step of each subject."""
        pipeline = self._client.pipeline(transaction=False)
        requests = [self._request(subject, step) for subject, step in steps]
        for request, (_, step) in zip(requests, steps, strict=True):
            keys, arguments = encoded([request], epoch_key(0), [EPOCH, str(step.now).encode()])
            pipeline.evalsha(self._name, len(keys), *keys, *arguments)
        reckonings = []
        for request, reply in zip(requests, pipeline.execute(), strict=True):
            answers = answered([request], reply).answers
            assert answers is not None
            reckonings.append(answers[0].reckoning)
        return reckonings

    def windows(self, subject: str, step: Step) -> list[Window]:
        return [
            decoded(cast("bytes | None", self._client.get(name)))
            for name in self._request(subject, step).windows
        ]

    def forget(self, subject: str, step: Step) -> None:
        self._client.delete(*self._request(subject, step).windows)

    def close(self) -> None:
        self._client.close()

    def _request(self, subject: str, step: Step) -> Request:
        names = [self._keys.window(limit.rule_id, limit.subject, subject)[1] for limit in step.limits]
        return Request(step.verb, step.limits, names, step.cost, step.at)


def decoded(value: bytes | None) -> Window:
    """What a stored value means."""
    if value is None:
        return Stamps()
    form, time = value[0], int.from_bytes(value[1:8])
    if form == 1:
        return Stamps(tuple(time + offset for (offset,) in struct.iter_unpack(">I", value[12:])))
    width, total = struct.unpack_from(">II", value, 12)
    counts = tuple(count for (count,) in struct.iter_unpack({2: ">H", 3: ">I"}[form], value[20:]))
    if total != sum(counts):
        raise ValueError(f"the sum {total} is not that of {counts}")
    return Buckets(width, time, counts)
