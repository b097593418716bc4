"""psycopg where libpq is not installed: commands that need no database work without.

psycopg is imported throughout, and refuses to be where it finds no libpq. For the command line it
is then stood in for by modules whose every name is `Missing`, and whose ways to a database say what
to install. An application that imports pgmerit gets psycopg's own error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

_WAYS = ("connect", "conninfo_to_dict", "make_conninfo")


class _Whatever(type):
    """A class that has every attribute and parameter, and may be called: it stays itself."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _refuse if name in _WAYS else cls

    def __getitem__(cls, _: Any) -> Any:
        return cls

    def __call__(cls, *_: Any, **__: Any) -> Any:
        return cls


class Missing(Exception, metaclass=_Whatever):  # noqa: N818
    """What the names of psycopg are: classes to name, exceptions to catch, texts of SQL."""


class _StandIn(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        is_driver = fullname.partition(".")[0] == "psycopg"
        return ModuleSpec(fullname, self, is_package=True) if is_driver else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = Missing.__getattr__


def _refuse(*_: Any, **__: Any) -> NoReturn:
    from pgmerit.errors import PgmeritError

    raise PgmeritError(
        "libpq, PostgreSQL's client library, is not installed",
        "Run `pip install 'pgmerit[binary]'`, or install the system's (Debian: libpq5).",
    )


def _stand_in_where_missing() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        for name in [each for each in sys.modules if each.partition(".")[0] == "psycopg"]:
            del sys.modules[name]
        sys.meta_path.insert(0, _StandIn())


_stand_in_where_missing()
