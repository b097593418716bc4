"""Taking over the awards of a table that another engine kept: a report first, then the awards.

The table is read by one statement, with the rights of whoever asks, which says of each row what
would become of it (`judging`). With `apply` its answer is staged in the session and goes to
badges.adopt_awards in batches (`moving`). A table that stands where pgmerit's own schemas have to
be is put aside first (`older`).
"""

from __future__ import annotations

from pgmerit.adopting.judging import (
    TAKEN,
    AdoptOptions,
    Group,
    Report,
    Source,
    find_source,
    report,
)
from pgmerit.adopting.moving import adopt
from pgmerit.adopting.older import Older, find_older, is_installed, put_aside

__all__ = [
    "TAKEN",
    "AdoptOptions",
    "Group",
    "Older",
    "Report",
    "Source",
    "adopt",
    "find_older",
    "find_source",
    "is_installed",
    "put_aside",
    "report",
]
