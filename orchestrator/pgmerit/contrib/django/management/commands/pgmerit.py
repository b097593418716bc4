"""`manage.py pgmerit ..`: pgmerit's own command line on the database of Django's settings."""

from __future__ import annotations

import argparse
import os
from typing import Any

from django.core.management.base import BaseCommand

from pgmerit.cli import main
from pgmerit.contrib.django.settings import dsn_of


class Command(BaseCommand):
    """Hand everything on to pgmerit."""

    help = "The command line of pgmerit, on the database of settings.DATABASES."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take what belongs to pgmerit as it is."""
        parser.add_argument("--database", default="default", help="Alias of the database.")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND ...")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run pgmerit; raises SystemExit with its exit code."""
        before = os.environ.get("PGMERIT_DSN")
        os.environ["PGMERIT_DSN"] = dsn_of(options["database"])
        try:
            main(options["arguments"], prog_name="pgmerit")
        finally:
            del os.environ["PGMERIT_DSN"]
            if before is not None:
                os.environ["PGMERIT_DSN"] = before
