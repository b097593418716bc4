"""Files in one user's folder: opened only where they are his, never through a link.

The server's user may change what lies in his folder while root works there. Whatever is opened is
looked at afterwards, by its descriptor: that decides, whichever way the name led.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pgmerit.errors import PgmeritError

_NEVER_THROUGH_A_LINK = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ADVICE = "Set PGMERIT_HOME to a folder of your own that nobody else may write in."


class Folder:
    """A folder that belongs to the user `owner`, and to no other."""

    def __init__(self, path: Path, owner: int) -> None:
        self.path = path
        self.owner = owner

    def make(self) -> None:
        """Make the folder unless it is there, for its owner alone; refuse another user's."""
        if not os.path.lexists(self.path):
            # Whole at once: another start may look at the same moment.
            made = self.made_beside("new-")
            try:
                made.rename(self.path)
            except OSError:
                made.rmdir()
        with self._opened():
            pass

    def made_beside(self, prefix: str) -> Path:
        """Make a folder of the owner's beside this one, named like no other."""
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path.parent))
        descriptor = os.open(made, os.O_DIRECTORY | _NEVER_THROUGH_A_LINK)
        try:
            self._give(descriptor)
        finally:
            os.close(descriptor)
        return made

    def text(self, name: str) -> str | None:
        """Give a file's text, None where there is none."""
        return self._read(name, None)

    def tail(self, name: str, size: int = 4096) -> str:
        """Give the end of a file as text, '' where there is none."""
        return self._read(name, size) or ""

    def open(self, name: str) -> int:
        """Open a file to append to, made where there is none; gives its descriptor."""
        flags = os.O_RDWR | os.O_APPEND | _NEVER_THROUGH_A_LINK
        with self._opened() as folder:
            while True:
                with contextlib.suppress(FileNotFoundError):
                    return self._checked(name, flags, folder)
                with contextlib.suppress(FileExistsError):
                    made = os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
                    self._give(made)
                    return made

    def remove(self, name: str) -> None:
        """Remove a file, should there be one."""
        with contextlib.suppress(FileNotFoundError), self._opened() as folder:
            os.unlink(name, dir_fd=folder)

    def _read(self, name: str, size: int | None) -> str | None:
        with contextlib.suppress(FileNotFoundError), self._opened() as folder:
            descriptor = self._checked(name, os.O_RDONLY | _NEVER_THROUGH_A_LINK, folder)
            with os.fdopen(descriptor, "rb") as file:
                if size is not None:
                    file.seek(max(0, os.fstat(descriptor).st_size - size))
                return file.read().decode(errors="replace")
        return None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            descriptor = os.open(self.path, os.O_DIRECTORY | _NEVER_THROUGH_A_LINK)
        except FileNotFoundError:
            raise
        except OSError as exc:
            found = self.path.lstat()
            if not stat.S_ISDIR(found.st_mode):
                raise PgmeritError(f"{self.path} is not a folder", _ADVICE) from exc
            self._refuse_anothers(found)
            raise PgmeritError(f"{self.path} cannot be opened: {exc.strerror}", _ADVICE) from exc
        try:
            found = os.fstat(descriptor)
            self._refuse_anothers(found)
            if found.st_mode & OTHERS_MAY_WRITE:
                raise PgmeritError(
                    f"others may write in {self.path}", f"Run `chmod go-w {self.path}`."
                )
            yield descriptor
        finally:
            os.close(descriptor)

    def _refuse_anothers(self, found: os.stat_result) -> None:
        if found.st_uid != self.owner:
            raise PgmeritError(
                f"{self.path} belongs to another user, {user_name(found.st_uid)}", _ADVICE
            )

    def _checked(self, name: str, flags: int, folder: int) -> int:
        """Open a file of this folder; refuse a link, another user's, or one with two names."""
        try:
            descriptor = os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as exc:
            raise PgmeritError(
                f"{self.path / name} is a link, or cannot be opened: {exc.strerror}",
                "Look who put it there, and remove it.",
            ) from exc
        found = os.fstat(descriptor)
        # Made by root a moment ago, it is not given to its owner yet.
        is_ours = found.st_uid in (self.owner, os.geteuid())
        if is_ours and stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
            return descriptor
        os.close(descriptor)
        raise PgmeritError(
            f"{self.path / name} is no plain file of {user_name(self.owner)} alone",
            "Look who put it there, and remove it.",
        )

    def _give(self, descriptor: int) -> None:
        if os.geteuid() != self.owner:
            os.fchown(descriptor, self.owner, pwd.getpwuid(self.owner).pw_gid)


def check_home(home: Path, owners: set[int]) -> None:
    """Refuse a home that does not belong to one of `owners`, or that others may write in.

    For root also one that others could put theirs in place of: each folder and link that leads to
    it is root's, or the home's own user's, and only a sticky one may be open to others.
    """
    try:
        found = home.stat()
    except FileNotFoundError:
        found = None
    except OSError as exc:
        raise PgmeritError(f"{home} cannot be reached: {exc.strerror}", _ADVICE) from exc
    if found is not None:
        _check_place(home, found, owners, is_home=True)
    if os.geteuid() == 0:
        trusted = {0} if found is None else {0, found.st_uid}
        for place, leading in _leading_to(home):
            _check_place(place, leading, trusted, is_home=False)


def user_name(uid: int) -> str:
    """Give a user's name, else the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _check_place(place: Path, found: os.stat_result, owners: set[int], *, is_home: bool) -> None:
    if found.st_uid not in owners:
        raise PgmeritError(f"{place} belongs to another user, {user_name(found.st_uid)}", _ADVICE)
    is_sticky = found.st_mode & stat.S_ISVTX and not is_home
    if stat.S_ISDIR(found.st_mode) and found.st_mode & OTHERS_MAY_WRITE and not is_sticky:
        raise PgmeritError(
            f"others may write in {place}, which belongs to {user_name(found.st_uid)}",
            f"Run `chmod go-w {place}`, or set PGMERIT_HOME to a folder that nobody else may write"
            " in.",
        )


def _leading_to(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """List each folder and link that leads to a path, as far as there are any."""
    for place in (*reversed(path.parents), path):
        try:
            found = place.lstat()
        except FileNotFoundError:
            return
        yield place, found
        if stat.S_ISLNK(found.st_mode):
            yield from _leading_to(place.parent / place.readlink())
