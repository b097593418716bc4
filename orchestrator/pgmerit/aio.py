"""The public SQL routines for asynchronous connections: `await aio.new_badges(connection)`.

Each function of `pgmerit.routines` is here by its name, with the same parameters and results.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from pgmerit import routines

_FUNCTIONS: dict[str, Callable[..., Awaitable[Any]]] = {
    name: each
    for name, each in vars(routines).items()
    if inspect.isfunction(each)
    and each.__module__ == routines.__name__
    and not name.startswith("_")
}


def __getattr__(name: str) -> Callable[..., Awaitable[Any]]:
    """Give a routine's function as one to be awaited."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no routine {name!r}")
    return _FUNCTIONS[name]


def __dir__() -> list[str]:
    """List the routines."""
    return sorted(_FUNCTIONS)
