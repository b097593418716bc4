"""A server that lives as long as a block: for the demo, the tests and the linters."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from pgmerit.errors import PgmeritError
from pgmerit.server.cluster import START_SECONDS, Cluster
from pgmerit.server.processes import clean_environment, end, last_line

_PR_SET_PDEATHSIG = 1


@contextlib.contextmanager
def attached_server(
    home: Path,
    bindir: Path | str | None = None,
    settings: Mapping[str, str] | None = None,
    *,
    durable: bool = True,
) -> Iterator[Cluster]:
    """Run a server below `home` for as long as the block lasts; it dies with this process.

    The data stays. Databases are made with `create_database`, reached with `dsn(database)`.
    """
    cluster = Cluster(home, bindir, durable=durable)
    with cluster.locked():
        if cluster.is_running():
            raise PgmeritError(
                f"a server already works on {cluster.data}", "Stop it with `pgmerit db stop`."
            )
        cluster.initialize()
        cluster.clear_stale_locks()
        parent = os.getpid()
        library = ctypes.CDLL(None) if sys.platform == "linux" else None

        def die_with_parent() -> None:
            if library is not None:
                library.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
                if os.getppid() != parent:
                    os._exit(1)

        with cluster.opened_log() as log:
            process = subprocess.Popen(
                [
                    str(cluster.bindir / "postgres"),
                    *("-D", str(cluster.data)),
                    *cluster.server_options(settings),
                ],
                cwd="/",
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **cluster.user.process_options(),
            )
        try:
            _wait_until_ready(process, cluster)
            yield cluster
        finally:
            end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], cluster: Cluster) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise PgmeritError(
                f"the server did not start: {last_line(cluster.log_tail())}",
                f"Its log is {cluster.log}.",
            )
        try:
            psycopg.connect(cluster.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
