"""Child processes that do not outlive their parent."""

import ctypes
import signal
import sys

_PARENT_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """Runs in a child before its program: the kernel ends it when the thread that started it ends.

    Elsewhere than on Linux a parent that is killed leaves its children behind.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
