"""Waiting that hears Ctrl-C."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from .errors import NotYetError

Found = TypeVar("Found")

#: Signals are handled between steps.
_STEP = 0.2


def patiently(look: Callable[[int], Found], timeout: float | None) -> Found:
    """Calls `look` with milliseconds to wait for until it gives something, for `timeout` seconds in all."""
    end = math.inf if timeout is None else time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            return look(max(0, math.ceil(min(left, _STEP) * 1000)))
        except NotYetError as error:
            if left > _STEP:
                continue
            if timeout is None or timeout <= _STEP:
                raise
            raise NotYetError(f"after {timeout:g} s in all: {error}") from None
