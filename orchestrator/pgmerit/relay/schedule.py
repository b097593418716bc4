"""When a failed delivery is tried again, and when no more."""

from __future__ import annotations

import random

# Seconds to wait after the first failure, the second and so on: about five days in all.
WAITS = (5, 30, 120, 600, 1800, 7200, 21_600, 43_200, *(86_400,) * 4)
LONGEST_RETRY_AFTER = 3600.0

# An endpoint that fails this often in a row is left alone for a while, longer each time.
_FAILURES_BEFORE_PAUSE = 5
_LONGEST_PAUSE = 60.0


def wait_after(attempt: int, retry_after: float | None = None) -> float | None:
    """Give the seconds to wait after an attempt, counted from one; None when it was the last.

    Never less than the receiver asks for, up to an hour of it. Chance keeps many from coming back
    at once.
    """
    if attempt > len(WAITS):
        return None
    chance = random.uniform(0.8, 1.2)  # noqa: S311
    asked_for = min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    return max(WAITS[attempt - 1] * chance, asked_for * max(chance, 1.0))


def pause_after(failures: int) -> float:
    """Give the seconds to leave an endpoint alone after so many failures in a row."""
    beyond = failures - _FAILURES_BEFORE_PAUSE
    return 0.0 if beyond < 0 else min(_LONGEST_PAUSE, 2.0 ** min(beyond, 10))
