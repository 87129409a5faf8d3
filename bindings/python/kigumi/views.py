"""The types, over a transaction or over a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSet
from typing import TYPE_CHECKING, Any

from .types import Key, Sibling, Type, Value, sibling_of

if TYPE_CHECKING:
    from ._native import Transaction


class View:
    """An object of one type under a key, or a field of a map. It holds no state of its own."""

    __slots__ = ("_field", "_key", "_space")

    def __init__(self, space: Transaction, key: Key, field: str | None = None) -> None:
        self._space = space
        self._key = key
        self._field = field

    def __repr__(self) -> str:
        field = "" if self._field is None else f"[{self._field!r}]"
        return f"<kigumi {type(self).__name__.lower()} {self._key!r}{field}>"


class Register(View):
    """Any value; concurrent writes are kept until somebody who saw them writes again."""

    __slots__ = ()

    def get(self, default: Any = None) -> Any:
        """The last writer's value."""
        found = self._space.register_get(self._key, self._field)
        return default if found is None else found[0]

    def exists(self) -> bool:
        return self._space.register_get(self._key, self._field) is not None

    def assign(self, value: Value) -> None:
        """Writes a value, which replaces every sibling that this replica has seen."""
        self._space.register_assign(self._key, self._field, value)

    def remove(self) -> bool:
        """Removes the value; returns whether there was one."""
        return self._space.register_remove(self._key, self._field)

    def siblings(self) -> list[Sibling]:
        """Every concurrent write, removals included, the last one first."""
        return [sibling_of(raw) for raw in self._space.register_siblings(self._key, self._field)]

    def resolve(self, meaning: Callable[[list[Any]], Value]) -> Any:
        """If there are siblings, writes what they mean together. Returns the value.

        `meaning` gets the values of those that are no removals, the last one first. Over a store
        its answer is lost if somebody writes in between; use a transaction.
        """
        siblings = self.siblings()
        if len(siblings) > 1:
            self.assign(meaning([one.value for one in siblings if not one.removed]))
        return self.get()


class Counter(View):
    """Counts up and down on every replica; a reset takes back exactly what it has seen."""

    __slots__ = ()

    @property
    def value(self) -> int:
        return self._space.counter_get(self._key, self._field)

    def __int__(self) -> int:
        return self.value

    def add(self, amount: int = 1) -> None:
        """Adds an amount, which may be negative."""
        self._space.counter_add(self._key, self._field, amount)

    def subtract(self, amount: int = 1) -> None:
        self._space.counter_add(self._key, self._field, -amount)

    def reset(self) -> None:
        self._space.counter_reset(self._key, self._field)


class Flag(View):
    """On or off. While concurrent writes disagree, `enabled` says yes and `enabled_by_all` no."""

    __slots__ = ()

    @property
    def enabled(self) -> bool:
        return self._space.flag_get(self._key, None, False)

    @property
    def enabled_by_all(self) -> bool:
        return self._space.flag_get(self._key, None, True)

    def __bool__(self) -> bool:
        return self.enabled

    def enable(self) -> None:
        self._space.flag_set(self._key, None, True)

    def disable(self) -> None:
        self._space.flag_set(self._key, None, False)


class Set(View, MutableSet[Any]):
    """A set of values: one row for each member, however many there are.

    A concurrent add and remove leave the member there. Iterating reads some hundred members at a
    time; `len` counts them.
    """

    __slots__ = ()

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> set[Any]:
        # What `&` and its kin give is a set of Python.
        return set(it)

    def add(self, value: Value) -> bool:  # type: ignore[override]
        """Adds a member; returns whether it is new here."""
        return self._space.set_add(self._key, self._field, value)

    def discard(self, value: Value) -> bool:  # type: ignore[override]
        """Removes a member; returns whether it was there."""
        return self._space.set_remove(self._key, self._field, value)

    def __contains__(self, value: object) -> bool:
        return self._space.set_contains(self._key, self._field, value)

    def __iter__(self) -> Iterator[Any]:
        return self._space.set_members(self._key, self._field)

    def __len__(self) -> int:
        return self._space.set_size(self._key, self._field)


class Map(View, MutableMapping[str, Any]):
    """From names to registers, counters and sets.

    As a mapping it shows what the fields hold: a register's value, a counter's sum, a `Set`. Writing
    an item writes a register; `counter` and `set` give the other kinds of field.
    """

    __slots__ = ()

    def register(self, field: str) -> Register:
        return Register(self._space, self._key, field)

    def counter(self, field: str) -> Counter:
        return Counter(self._space, self._key, field)

    def set(self, field: str) -> Set:
        return Set(self._space, self._key, field)

    def types(self, field: str) -> list[Type]:
        """The types that a field has: several, if replicas have created it apart."""
        return types_of(self._space.types_get(self._key, field))

    def __getitem__(self, field: str) -> Any:
        types = self.types(field)
        if Type.REGISTER in types:
            return self.register(field).get()
        if Type.COUNTER in types:
            return self.counter(field).value
        if Type.SET in types:
            return self.set(field)
        raise KeyError(field)

    def __setitem__(self, field: str, value: Value) -> None:
        self.register(field).assign(value)

    def __delitem__(self, field: str) -> None:
        if not self._space.map_remove(self._key, field):
            raise KeyError(field)

    def __contains__(self, field: object) -> bool:
        return isinstance(field, str) and self._space.types_get(self._key, field) != 0

    def __iter__(self) -> Iterator[str]:
        last = None
        for name, _ in self._space.map_fields(self._key, None):
            if name != last:
                yield name
            last = name

    def __len__(self) -> int:
        return sum(1 for _ in self)


def types_of(bits: int) -> list[Type]:
    return [kind for kind in Type if bits >> kind & 1]
