"""CPU time of another process, with all its threads."""

import time

_ALL_THREADS = 2
"""CPUCLOCK_SCHED of Linux: the time that the scheduler gave to every thread of a process."""


def cpu_seconds(pid: int) -> float:
    """User and system time so far, in nanosecond steps; `/proc/<pid>/stat` counts in hundredths. Linux.

    Raises OSError if there is no such process.
    """
    # What clock_getcpuclockid(3) would answer; Python gives it for threads only.
    return time.clock_gettime((~pid << 3) | _ALL_THREADS)
