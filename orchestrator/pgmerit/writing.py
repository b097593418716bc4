"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pgmerit.errors import PgmeritError


@dataclass(frozen=True)
class WholeFile:
    """A file under way; `told` is what an error calls it."""

    file: TextIO
    told: str

    def write(self, text: str) -> int:
        """Write text; gives its length. Raises PgmeritError where it cannot be written."""
        with _told(self.told):
            return self.file.write(text)

    def flush(self) -> None:
        """Hand what is written to the system, which may have no place for it: see `write`."""
        with _told(self.told):
            self.file.flush()


@contextmanager
def whole_file(path: Path, told: str | None = None) -> Iterator[WholeFile]:
    """Write a file beside its place and move it there when the block ends well.

    A link is followed. What is no plain file, such as /dev/stdout, is written to. `told` is what an
    error calls the file, default its path. Raises PgmeritError, at once where it cannot be made.
    """
    told = told or str(path)
    with _told(told):
        place = path.resolve()
        is_plain = place.is_file() or not place.exists()
        beside = place.with_name(f".{place.name}.{os.getpid()}") if is_plain else place
        file = beside.open("w", encoding="utf-8", newline="")
    try:
        yield WholeFile(file, told)
        with _told(told):
            file.close()
        if is_plain:
            with _told(told):
                beside.replace(place)
    finally:
        with suppress(OSError):  # what is left to write has no place either
            file.close()
        if is_plain:
            beside.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text as a file; see `whole_file`."""
    with whole_file(path) as file:
        file.write(text)


@contextmanager
def _told(told: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise PgmeritError(
            f"{told} cannot be written: {exc.strerror}", "Name a file in a folder that you may use."
        ) from exc
