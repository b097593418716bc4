"""The processes of a server: which one lives, what it said, how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path


def is_server_on(pid: int, data: Path) -> bool:
    """Tell whether a live postgres works on the data folder."""
    state = process_state(pid)
    if state is None:
        # No /proc here: only whether somebody has that number can be known.
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return not Path("/proc/self").exists()
    name, letter = state
    if letter in "ZX" or not name.startswith("postgres"):
        return False
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except OSError:
        return True


def process_state(pid: int) -> tuple[str, str] | None:
    """Give a process's name and state letter from /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, rest.split()[0]


def processes_in(folder: Path) -> list[int]:
    """List the live processes whose working folder this is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = process_state(int(entry.name))
            if state is None or state[1] in "ZX":
                continue
            if (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
    return found


def clean_environment() -> dict[str, str]:
    """Give what the server needs of the environment; no secret of the caller's goes to its user."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "TMPDIR", "TZ") or name.startswith(("LD_", "DYLD_"))
    }
    return {**kept, "LC_ALL": "C"}


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server of our own: fast, then at once, then by force."""
    for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def last_line(text: str) -> str:
    """Give the line that says most: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "rror:" in line]
    return (errors or lines or ["it said nothing"])[-1]
