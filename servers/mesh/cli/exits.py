"""How a command ends: what scripts can rely on."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    FAILED = 1
    """It did not work; standard error says why."""
    USAGE = 2
    """The command line cannot be understood."""
    CHANGES = 2
    """`catalog plan`: applying the file would change something."""
    REFUSED = 3
    """A rule, or the state of things, forbids it."""
    UNREACHABLE = 4
    """No answer, or not in time; a write may have been done."""
    DENIED = 5
    """This caller may not."""
    INTERRUPTED = 130
    """Ctrl-C."""


class CommandError(Exception):
    """Ends a command with words for people and a status for scripts."""

    def __init__(self, message: str, *, hint: str = "", status: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What to do about it; may be empty."""
        self.status = status


class UsageError(CommandError):
    """An argument that cannot be used."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, status=Exit.USAGE)
