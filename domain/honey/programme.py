"""Programmes: what a programme decides about the points of its members."""

from dataclasses import dataclass
from enum import StrEnum

from domain.honey.earning_rules import EarningRules, Scene
from domain.honey.task_rules import TaskVersion
from domain.honey.tier_rules import TierRules
from domain.honey.windows import DEFAULT_ZONE, Window
from domain.shared.instants import DAY, Period


class HeldExpiry(StrEnum):
    """What becomes of points whose lot expires while they are held."""

    HONOUR = "HONOUR"
    """They can be spent through that hold, and through no other."""
    STRICT = "STRICT"
    """They expire, and the hold shrinks."""


class Shortfall(StrEnum):
    """What becomes of an earning that is taken back after it was spent."""

    DEBT = "DEBT"
    """It is owed, and repaid first by what becomes active later; other lots are left alone."""
    TAKE_OTHER_LOTS = "TAKE_OTHER_LOTS"
    """Other lots pay for it, in burn order; what they lack is owed."""
    WAIVE = "WAIVE"
    """It is given up, as far as the programme's budget goes; what is more is owed."""


@dataclass(frozen=True, slots=True)
class WaiveBudget:
    """So many points that a programme waives at most in each window, of all members together."""

    points: int
    window: Window


@dataclass(frozen=True, slots=True)
class Programme:
    """One kind of points, with rules of its own. A member has a wallet in each."""

    programme_id: str
    zone: str = DEFAULT_ZONE
    held_expiry: HeldExpiry = HeldExpiry.HONOUR
    shortfall: Shortfall = Shortfall.DEBT
    longest_hold: int = 30 * DAY
    """Microseconds: no hold outlives it."""
    reinstatement_window: int = 0
    """Microseconds: a spend that is undone so soon after its lot expired gives the lot as long again."""
    notice: Period | None = None
    """So long before points expire, to the start of the day, the member is told; None: not at all."""
    scenes: tuple[Scene, ...] = ()
    """What members can do to earn points."""
    tiers: TierRules | None = None
    """None: the programme has no tiers."""
    tasks: tuple[TaskVersion, ...] = ()
    """All versions of all tasks, the old ones included."""
    waive_budget: WaiveBudget | None = None
    """Of WAIVE, which needs one."""

    @property
    def earning(self) -> EarningRules:
        """By which rules points are earned."""
        return EarningRules(self.zone, self.scenes)

    @property
    def all_scenes(self) -> EarningRules:
        """The same, with the scenes that only tasks know: those have no rules."""
        named = {scene.scene_id for scene in self.scenes}
        others = sorted({task.scene for task in self.tasks} - named)
        return EarningRules(self.zone, (*self.scenes, *(Scene(each, ()) for each in others)))
