"""Who runs the server."""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgmerit.errors import PgmeritError


@dataclass(frozen=True)
class ServerUser:
    """Who runs the server; `uid` is None for the present user."""

    uid: int | None
    gid: int | None
    name: str

    @classmethod
    def choose(cls, data: Path) -> ServerUser:
        """Choose the present user, or for root the one who owns the data or an ordinary one."""
        if os.geteuid() != 0:
            return cls(None, None, "")
        if data.exists() and data.stat().st_uid != 0:
            owner = data.stat().st_uid
            with contextlib.suppress(KeyError):
                entry = pwd.getpwuid(owner)
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)
        raise PgmeritError(
            "PostgreSQL does not run as root and there is no user postgres or nobody",
            "Run pgmerit as an ordinary user.",
        )

    def process_options(self) -> dict[str, Any]:
        """Give what subprocess needs to run a program as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take(self, path: Path) -> None:
        """Make a folder this user's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach into a folder."""
        if self.uid is None:
            return True
        place = folder.resolve()
        for part in (place, *place.parents):
            if not part.exists():
                continue
            found = part.stat()
            if found.st_uid == self.uid:
                allowed = found.st_mode & stat.S_IXUSR
            elif found.st_gid == self.gid:
                allowed = found.st_mode & stat.S_IXGRP
            else:
                allowed = found.st_mode & stat.S_IXOTH
            if not allowed:
                return False
        return True
