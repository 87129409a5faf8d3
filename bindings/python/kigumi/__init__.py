"""Replicated data that every node may write: registers, counters, flags, sets and maps.

    with kigumi.open("till-1") as store:
        store.set("cart").add("milk")
        store.counter("sold").add(2)
        with store.transaction() as tx:  # one atomic, durable step
            tx.register("cashier").assign("Ada")
            tx.counter("sold").add(1)
"""

from __future__ import annotations

from ._native import VERSION as __version__
from .errors import (
    BusyError,
    CorruptError,
    Error,
    FullError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    NotYetError,
    OutOfMemoryError,
    StorageError,
    UnsupportedError,
)
from .spaces import Snapshot, Transaction
from .store import Bucket, Node, Session, Store, Watch, generate_key, inspect_bundle
from .types import Conflict, Key, Object, Outcome, Report, Sibling, Summary, Type, Value
from .views import Counter, Flag, Map, Register, Set

#: Opens the store in a directory, which is created if it does not exist.
open = Store

__all__ = [
    "Bucket",
    "BusyError",
    "Conflict",
    "CorruptError",
    "Counter",
    "Error",
    "Flag",
    "FullError",
    "InternalError",
    "InvalidArgumentError",
    "Key",
    "Map",
    "Node",
    "NotFoundError",
    "NotYetError",
    "Object",
    "Outcome",
    "OutOfMemoryError",
    "Register",
    "Report",
    "Session",
    "Set",
    "Sibling",
    "Snapshot",
    "StorageError",
    "Store",
    "Summary",
    "Transaction",
    "Type",
    "UnsupportedError",
    "Value",
    "Watch",
    "__version__",
    "generate_key",
    "inspect_bundle",
    "open",
]
