"""The ports of Risk in memory."""

from collections.abc import Mapping

from domain.risk.appeals import Appeal, AppealState
from domain.risk.ports import Doing, RiskPorts
from domain.risk.rules import RuleSet
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry, Transition
from domain.shared.errors import Raced
from domain.shared.instants import Instant


class MemoryRules:
    """Revisions, the newest last."""

    def __init__(self) -> None:
        self.revisions = [RuleSet(0)]

    def latest(self) -> RuleSet:
        return self.revisions[-1]

    def highest_versions(self) -> Mapping[str, int]:
        versions: dict[str, int] = {}
        for rule in (rule for revision in self.revisions for rule in revision.rules):
            versions[rule.rule_id] = max(rule.version, versions.get(rule.rule_id, 0))
        return versions

    def add(self, rules: RuleSet, doing: Doing) -> None:
        self.revisions.append(rules)


class MemorySuspects:
    """Entries, and all transitions."""

    def __init__(self) -> None:
        self.entries: dict[Subject, Entry] = {}
        self.transitions: list[Transition] = []

    def get(self, subject: Subject) -> Entry:
        return self.entries.get(subject, Entry(subject))

    def write(self, change: Change) -> None:
        if self.get(change.entry.subject).version != change.entry.version - 1:
            raise Raced("TRANSACTION_RACED", "another writer was first")
        self.entries[change.entry.subject] = change.entry
        self.transitions.append(change.transition)


class MemoryAppeals:
    """Appeals in their order."""

    def __init__(self) -> None:
        self.appeals: list[Appeal] = []

    def newest(self, subject: Subject) -> Appeal | None:
        return next((one for one in reversed(self.appeals) if one.subject == subject), None)

    def add(self, appeal: Appeal) -> None:
        self.appeals.append(appeal)

    def answer(self, appeal: Appeal, state: AppealState, now: Instant) -> None:
        place = self.appeals.index(appeal)
        self.appeals[place] = Appeal(
            appeal.appeal_id, appeal.subject, appeal.listed, appeal.text, appeal.created, state, now
        )


def memory_ports() -> RiskPorts:
    return RiskPorts(MemoryRules(), MemorySuspects(), MemoryAppeals())
