"""Plain data that the library gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, NamedTuple, Union

#: What a register, a set's member or a request's outcome can be: None, bool, int (64 bits), float,
#: str, bytes, or a list or dict (with str keys) of values. 1, 1.0 and True are three values.
Value = Union[None, bool, int, float, str, bytes, "Sequence[Any]", "Mapping[str, Any]"]

#: A key: bytes come back as str if they are UTF-8.
Key = Union[str, bytes]

RawSibling = tuple[bytes, int, int, bool, Any]
RawSummary = tuple[bytes, int, int, int, int]


class Type(IntEnum):
    """The type of an object, or of a map's field."""

    REGISTER = 1
    FLAG = 2
    SET = 3
    MAP = 4
    COUNTER = 5


class Sibling(NamedTuple):
    """One of the concurrent writes that survive in a register."""

    value: Any  #: None if it is a removal
    removed: bool
    replica: str  #: who wrote it, 32 hexadecimal digits
    counter: int  #: the number of that write, by its replica
    time: datetime  #: when, by its writer's clock


class Object(NamedTuple):
    """An object that exists."""

    key: Key
    type: Type


class Conflict(NamedTuple):
    """A place where concurrent writes disagree."""

    key: Key
    type: Type
    field: str | None  #: of a map
    leaf: Type | None  #: the type of that field
    member: Any  #: of a set
    siblings: list[Sibling]


class Outcome(NamedTuple):
    """What came of a request."""

    value: Any
    repeated: bool  #: it was executed before; this time nothing was done


class Summary(NamedTuple):
    """What a bundle holds."""

    source: str  #: the replica that wrote it, 32 hexadecimal digits
    time: datetime
    rows: int
    row_bytes: int  #: before compression
    file_bytes: int


class Report(NamedTuple):
    """What a check of the store has found."""

    looked_at: int  #: rows and index entries
    found: int  #: problems
    repaired: int  #: of these
    problems: list[str]  #: the first thousand, as sentences

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong any more."""
        return self.found == self.repaired


def time_of(ms: int) -> datetime:
    """Milliseconds since 1970 as a time; those past the year 9999 as its end."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    try:
        return epoch + timedelta(milliseconds=ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=timezone.utc)


def sibling_of(raw: RawSibling) -> Sibling:
    replica, counter, ms, removed, value = raw
    return Sibling(value, removed, replica.hex(), counter, time_of(ms))


def summary_of(raw: RawSummary) -> Summary:
    source, ms, rows, row_bytes, file_bytes = raw
    return Summary(source.hex(), time_of(ms), rows, row_bytes, file_bytes)
