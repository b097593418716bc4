"""The server of `pgmerit db`: it outlives the command that started it."""

from __future__ import annotations

from typing import Any

from pgmerit.errors import PgmeritError
from pgmerit.server.cluster import START_SECONDS, Cluster
from pgmerit.server.processes import last_line


class PersistentServer(Cluster):
    """The server of `pgmerit db`: it outlives the command that started it."""

    def start(self) -> bool:
        """Start the server and create its database; False when it ran already."""
        with self.locked():
            if self.is_running():
                self.create_database()
                return False
            self.initialize()
            self.clear_stale_locks()
            self.opened_log().close()
            done = self.run(
                "pg_ctl",
                [
                    *("start", "-w", "-t", str(int(START_SECONDS)), "-s"),
                    *("-D", str(self.data), "-l", str(self.log)),
                    *("-o", " ".join(_quoted(option) for option in self.server_options())),
                ],
            )
            if done.returncode != 0:
                raise PgmeritError(
                    f"the server did not start: {last_line(self.log_tail() or done.stderr)}",
                    f"Its log is {self.log}.",
                )
            self.create_database()
            return True

    def stop(self) -> bool:
        """Stop the server, ending its sessions; False when it did not run."""
        with self.locked():
            if not self.is_running():
                return False
            done = self.run("pg_ctl", ["stop", "-w", "-s", "-m", "fast", "-D", str(self.data)])
            if done.returncode != 0:
                raise PgmeritError(
                    f"the server did not stop: {last_line(done.stderr)}",
                    f"Its log is {self.log}.",
                )
            return True

    def status(self) -> dict[str, Any]:
        """Tell whether the server runs, where it keeps its data and how to reach it."""
        pid = self.server_pid()
        return {
            "running": pid is not None,
            "pid": pid,
            "version": self.made_by(),
            "data": str(self.data),
            "log": str(self.log),
            "dsn": self.dsn() if pid is not None else None,
        }


def _quoted(option: str) -> str:
    """Quote one word for the shell that pg_ctl starts the server with."""
    return "'" + option.replace("'", "'\\''") + "'"
