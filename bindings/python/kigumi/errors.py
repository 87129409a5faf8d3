"""What can go wrong. Every message says what was wrong and what to do."""

from __future__ import annotations


class Error(Exception):
    """Any failure of Kigumi."""


class InvalidArgumentError(Error, ValueError):
    """The input is wrong, or something was used that has ended."""


class NotFoundError(Error, LookupError):
    """What was named does not exist."""


class CorruptError(Error):
    """Stored or received bytes do not check out."""


class UnsupportedError(Error):
    """Written by another version of the format."""


class FullError(Error, OSError):
    """A disk, or a stated limit, is used up; nothing was written."""


class BusyError(Error):
    """Another process, thread or object holds it; try again."""


class StorageError(Error, OSError):
    """The operating system or the network failed."""


class OutOfMemoryError(Error, MemoryError):
    """Memory is used up; nothing was written."""


class InternalError(Error, RuntimeError):
    """A defect of the library; please report the message."""


class NotYetError(Error, TimeoutError):
    """What was waited for has not come in time; it may come later."""


#: By the numbers of kigumi_status.
BY_STATUS: dict[int, type[Error]] = {
    1: InvalidArgumentError,
    2: NotFoundError,
    3: CorruptError,
    4: UnsupportedError,
    5: FullError,
    6: BusyError,
    7: StorageError,
    8: OutOfMemoryError,
    9: InternalError,
    10: NotYetError,
}
