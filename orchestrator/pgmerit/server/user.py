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
    def choose(cls, home: Path) -> ServerUser:
        """Choose the present user, or for root the one who owns the data or an ordinary one.

        Whose data it is says something only in a home that root or such an ordinary user owns.
        """
        if os.geteuid() != 0:
            return cls(None, None, "")
        found = []
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                found.append(pwd.getpwnam(name))
        with contextlib.suppress(OSError, KeyError):
            owner = pwd.getpwuid((home / "server" / "data").lstat().st_uid)
            if owner.pw_uid != 0 and (home.stat().st_uid == 0 or owner in found):
                found.insert(0, owner)
        if not found:
            raise PgmeritError(
                "PostgreSQL does not run as root and there is no user postgres or nobody",
                "Run pgmerit as an ordinary user.",
            )
        return cls(found[0].pw_uid, found[0].pw_gid, found[0].pw_name)

    @property
    def owner(self) -> int:
        """The number of the user to whom the server's files belong."""
        return os.geteuid() if self.uid is None else self.uid

    def process_options(self) -> dict[str, Any]:
        """Give what subprocess needs to run a program as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

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
