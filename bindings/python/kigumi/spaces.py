"""What views stand on: transactions, and stores that make one for each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .closing import Closing
from .types import Conflict, Key, Object, Outcome, Type, Value, sibling_of
from .views import Counter, Flag, Map, Register, Set, types_of

if TYPE_CHECKING:
    from . import _native


class Space:
    """Objects by key. A key names one object of each type."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Transaction) -> None:
        self._native = native

    def register(self, key: Key) -> Register:
        return Register(self._native, key)

    def counter(self, key: Key) -> Counter:
        return Counter(self._native, key)

    def flag(self, key: Key) -> Flag:
        return Flag(self._native, key)

    def set(self, key: Key) -> Set:
        return Set(self._native, key)

    def map(self, key: Key) -> Map:
        return Map(self._native, key)

    def keys(self, prefix: Key = "") -> Iterator[Object]:
        """The objects whose keys begin with `prefix`, in order."""
        for key, kind in self._native.keys(prefix):
            yield Object(key, Type(kind))

    def types(self, key: Key) -> list[Type]:
        """The types of the objects that exist under a key."""
        return types_of(self._native.types_get(key, None))

    def __contains__(self, key: Key) -> bool:
        return self._native.types_get(key, None) != 0

    def conflicts(self) -> Iterator[Conflict]:
        """Where concurrent writes disagree. Reads every row of the bucket."""
        for key, kind, field, leaf, member, siblings in self._native.conflicts():
            yield Conflict(
                key,
                Type(kind),
                field,
                Type(leaf) if leaf else None,
                member,
                [sibling_of(raw) for raw in siblings],
            )

    def outcome(self, request: str) -> Outcome | None:
        """What came of a request, if it is known here that it was executed."""
        found = self._native.request_get(request)
        return None if found is None else Outcome(found[0], True)

    def delete(self, key: Key, type: Type | None = None) -> bool:
        """Removes the object of that type, or all under the key; returns whether there was any."""
        return self._native.object_remove(key, None, 0 if type is None else type)


class Snapshot(Space, Closing):
    """A bucket at one moment, to read. Keep it short: pages that it sees on disk cannot be reused."""

    __slots__ = ()

    def close(self) -> None:
        self._native.close()


class Transaction(Snapshot):
    """Many writes, durable and visible together when the block ends; none if it raises."""

    __slots__ = ("_token",)

    def __init__(self, native: _native.Transaction, token: _native.Token | None = None) -> None:
        super().__init__(native)
        self._token = token

    def commit(self) -> None:
        """Returns after the fsync. The transaction has ended then, whatever came of it."""
        self._native.commit()
        if self._token is not None:
            self._token.observe(self._native)

    def once(self, request: str, work: Callable[[Transaction], Value]) -> Outcome:
        """Does `work(transaction)` and records what it returns, or gives what came of it before.

        The id is any name of 1 to 128 bytes that will not be used again; it is remembered for a day
        at least. Two replicas that have not seen each other's execution both execute.
        """
        before = self.outcome(request)
        if before is not None:
            return before
        value = work(self)
        self._native.request_record(request, value)
        return Outcome(value, False)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()


class EachCall:
    """Stands for a transaction of which each call is one of its own.

    `saw` is called with each, after it was committed if it writes.
    """

    __slots__ = ("_begin", "_saw")

    def __init__(
        self,
        begin: Callable[[bool], _native.Transaction],
        saw: Callable[[_native.Transaction], None] = lambda _: None,
    ) -> None:
        self._begin = begin
        self._saw = saw


def _reading(name: str) -> Callable[..., Any]:
    def call(self: EachCall, *args: Any) -> Any:
        native = self._begin(False)
        try:
            self._saw(native)
            return getattr(native, name)(*args)
        finally:
            native.close()

    return call


def _going_through(name: str) -> Callable[..., Any]:
    def call(self: EachCall, *args: Any) -> Iterator[Any]:
        native = self._begin(False)
        try:
            self._saw(native)
            yield from getattr(native, name)(*args)
        finally:
            native.close()

    return call


def _writing(name: str) -> Callable[..., Any]:
    def call(self: EachCall, *args: Any) -> Any:
        native = self._begin(True)
        try:
            answer = getattr(native, name)(*args)
            native.commit()
            self._saw(native)
            return answer
        finally:
            native.close()

    return call


for _make, _names in (
    (
        _reading,
        "register_get register_siblings counter_get flag_get set_contains set_size types_get "
        "request_get",
    ),
    (_going_through, "set_members map_fields keys conflicts"),
    (
        _writing,
        "register_assign register_remove counter_add counter_reset flag_set set_add set_remove "
        "map_remove object_remove",
    ),
):
    for _name in _names.split():
        setattr(EachCall, _name, _make(_name))
