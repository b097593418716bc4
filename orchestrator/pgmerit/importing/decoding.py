"""A file's bytes as numbered lines of text: unpacked, decoded, whatever its line ends are."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any

import chardet

from pgmerit.errors import PgmeritError
from pgmerit.importing.options import BadLineError, Progress, shown

_USUAL = "windows-1252"  # what its relatives are most often
_BUFFER_BYTES = 1 << 18
_LONGEST_LINE = 1 << 22
ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_UNREADABLE = {
    b"BZh": "is packed with bzip2",
    b"\xfd7zXZ": "is packed with xz",
    b"\x28\xb5\x2f\xfd": "is packed with zstd",
    b"7z\xbc\xaf": "is packed with 7-Zip",
    b"PAR1": "is a Parquet file",
    b"%PDF": "is a PDF",
    b"\xd0\xcf\x11\xe0": "is a workbook of an old Excel, or has a password",
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# The first line end that is not within quotes.
_FIRST_LINE_END = re.compile(rb'(?:[^"\r\n]|"[^"]*")*(\r\n?|\n)')
_WORD_END = re.compile(r'[,;\t|"\r\n]')


def open_bytes(
    source: IO[bytes], name: str, on_bytes: Progress
) -> tuple[io.BufferedReader, Progress]:
    """Read a file, unpacked where gzip packed it; `on_bytes` hears of the file's own bytes.

    Gives also who is to hear of them from a workbook, which is read at once and then by rows.
    Raises PgmeritError where there is nothing, or nothing that an option makes readable.
    """

    def counted(size: int) -> bytes:
        given = raw.read(size)
        on_bytes(len(given))
        return given

    raw = _buffered(source.read)
    if raw.peek().startswith(ZIP):
        return raw, on_bytes
    opened = _buffered(counted)
    if opened.peek().startswith(_GZIP):
        opened = _buffered(partial(_unpack, gzip.GzipFile(fileobj=opened), name))
    start = opened.peek()
    if not start:
        raise PgmeritError(f"{name}: the file is empty", "The first line must name the columns.")
    for magic, kind in _UNREADABLE.items():
        if start.startswith(magic):
            hint = "Give CSV, JSON Lines or .xlsx, as it is or packed with gzip."
            raise PgmeritError(f"{name}: the file {kind}", hint)
    return opened, lambda count: None


class Lines:
    """The lines of a file as text; remembers the numbers of those that are no proper text."""

    def __init__(self, source: io.BufferedReader, name: str, told: str | None) -> None:
        self.number = 0
        self.bad: dict[int, str] = {}
        self._is_told = told is not None
        self._start = source.peek()
        self._encoding, mark = _encoding_of(self._start, name, told)
        source.read(len(mark))
        if "\n".encode(self._encoding) != b"\n":
            source = _buffered(_Recoder(source, name, self._encoding).read)
            self._encoding = "utf-8"
        if (end := _FIRST_LINE_END.match(source.peek())) and end[1] == b"\r":
            with_cr = source
            source = _buffered(lambda size: with_cr.read(size).replace(b"\r", b"\n"))
        self.first = source.peek().lstrip()[:1]
        self._source = source

    def __iter__(self) -> Iterator[str]:
        for raw in iter(partial(self._source.readline, _LONGEST_LINE), b""):
            self.number += 1
            if len(raw) == _LONGEST_LINE and not raw.endswith(b"\n"):
                self.bad[self.number] = f"longer than {_LONGEST_LINE} bytes"
                yield self._pass_over()
                continue
            try:
                line = raw.decode(self._encoding)
            except UnicodeDecodeError as exc:
                self.bad[self.number] = self._told_of(exc)
                line = raw.decode(self._encoding, errors="replace")
            if "\0" in line:
                self.bad[self.number] = f"a NUL character, which no text may hold{self._wide()}"
                line = line.replace("\0", " ")
            yield line

    def trouble(self, first: int) -> BadLineError | None:
        """Tell what was wrong with the text from a line up to the current one."""
        for number in range(first, self.number + 1):
            if number in self.bad:
                return BadLineError(None, self.bad.pop(number))
        return None

    def _pass_over(self) -> str:
        while (rest := self._source.readline(_BUFFER_BYTES)) and not rest.endswith(b"\n"):
            pass
        return "\n"

    def _wide(self) -> str:
        """Say where a file that is full of NUL characters has two or four bytes for each letter."""
        guess = str(chardet.detect(self._start)["encoding"]).lower()
        return f"; --encoding {guess} may read it" if guess.startswith("utf-") else ""

    def _told_of(self, exc: UnicodeDecodeError) -> str:
        """Say which byte it is; once a file also what the line looks like and how it reads then."""
        said = f"byte {exc.start + 1} is not {self._encoding.upper()}"
        if self._is_told:
            return said
        self._is_told = True
        guess = str(chardet.detect(self._start + exc.object)["encoding"]).lower()
        try:
            before, line = exc.object[: exc.start].decode(guess), exc.object.decode(guess)
        except (LookupError, UnicodeDecodeError):
            return said
        if exc.object.decode(_USUAL, "replace") == line:
            guess = _USUAL
        word = _WORD_END.split(before)[-1] + _WORD_END.split(line[len(before) :])[0]
        return f"{said}; with --encoding {guess} it reads {shown(word)}"


def _encoding_of(start: bytes, name: str, told: str | None) -> tuple[str, bytes]:
    """Give the encoding, and the byte order mark that the text begins with."""
    for mark, marked in _MARKS.items():
        if start.startswith(mark):
            if told and _family(told) != _family(marked):
                raise PgmeritError(
                    f"{name}: the file begins with the mark of {marked}, which is not {told}",
                    "Leave --encoding out.",
                )
            return marked, mark
    return told or "utf-8", b""


def _family(encoding: str) -> list[str]:
    return codecs.lookup(encoding).name.split("-")[:2]


class _Recoder:
    """Text whose line ends are more than one byte, as UTF-8."""

    def __init__(self, source: IO[bytes], name: str, encoding: str) -> None:
        self._source, self._name, self._encoding = source, name, encoding
        self._decode = codecs.getincrementaldecoder(encoding)().decode
        self._line = 1

    def read(self, size: int) -> bytes:
        """Give at most so many bytes: none takes more than four in UTF-8."""
        text, chunk = "", b"-"
        while chunk and not text:
            chunk = self._source.read(size // 4)
            try:
                text = self._decode(chunk, final=not chunk)
            except UnicodeDecodeError as exc:
                line = self._line + exc.object[: exc.start].decode(self._encoding).count("\n")
                raise PgmeritError(
                    f"{self._name}: line {line} is not {self._encoding}; nothing was imported",
                    "Is the file whole, and is that its encoding?",
                ) from exc
        self._line += text.count("\n")
        return text.encode(errors="replace")


def _unpack(packed: gzip.GzipFile, name: str, size: int) -> bytes:
    try:
        return packed.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise PgmeritError(
            f"{name}: the file cannot be unpacked: {str(exc).rstrip('.')}", "Is it whole?"
        ) from exc


def _buffered(read: Callable[[int], bytes]) -> io.BufferedReader:
    return io.BufferedReader(_Raw(read), _BUFFER_BYTES)


class _Raw(io.RawIOBase):
    """Lets what any function reads, from a pipe too, be buffered by us."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what the source gives."""
        given = self._read(len(buffer))
        buffer[: len(given)] = given
        return len(given)
