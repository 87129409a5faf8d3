"""Stores, and what runs beside them."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Union, cast

from . import _native
from .closing import Closing
from .errors import BusyError
from .spaces import EachCall, Snapshot, Space, Transaction
from .types import Outcome, Report, Summary, Value, summary_of
from .waiting import patiently

if TYPE_CHECKING:
    from typing_extensions import Self

    Path = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]

#: Receives what a node does: a level (0 debug, 1 info, 2 warning), a dotted name and a detail.
Log = Callable[[int, str, str], object]


class Bucket(Space):
    """A replication domain of a store. Each call is a transaction of its own; see `transaction`."""

    __slots__ = ("_name", "_store", "_token")

    def __init__(
        self, store: _native.Store, name: str, each: EachCall | None = None
    ) -> None:
        if each is None:
            each = EachCall(lambda writing: store.begin(name, writing))
        super().__init__(cast("_native.Transaction", each))
        self._store = store
        self._name = name
        self._token: _native.Token | None = None

    @property
    def name(self) -> str:
        return self._name

    def read(self) -> Snapshot:
        """A snapshot to read from."""
        return Snapshot(self._store.begin(self._name, False))

    def transaction(self) -> Transaction:
        """Waits for its turn to write. Other threads may go on meanwhile."""
        return Transaction(self._store.begin(self._name, True))

    def once(self, request: str, work: Callable[[Transaction], Value]) -> Outcome:
        """`Transaction.once` in a transaction of its own."""
        with self.transaction() as tx:
            return tx.once(request, work)

    def watch(self) -> Watch:
        """Tells when the bucket has changed, by whomever."""
        return Watch(self._store.watch(self._name))

    def wait(self, replicas: int, timeout: float | None = None) -> int:
        """Waits until so many other peers hold durably what this one has written to the bucket.

        Returns how many they are. NotYetError after `timeout` seconds; what was written stays in any
        case. Nobody confirms while no node runs.
        """
        return patiently(
            lambda ms: self._store.wait(self._name, self._token, replicas, ms), timeout
        )

    def confirmed(self) -> int:
        """How many other peers are known to hold what `wait` waits for."""
        return self._store.confirmed(self._name, self._token)

    def session(self, token: str = "", *, timeout: float | None = None) -> Session:
        """A session with the bucket: a new one, or the one whose token that is, from any node."""
        return Session(self._store, self._name, token, timeout)

    def sign(self) -> None:
        """Makes the bucket signed here, for good: only writes that prove who made them are taken.

        Every master that writes to it has to do so, before the first write. It does nothing if it was
        done; InvalidArgumentError if the bucket holds a write without a proof.
        """
        self._store.sign(self._name)

    def status(self) -> dict[str, Any]:
        """What the store holds and knows of its peers."""
        return cast("dict[str, Any]", json.loads(self._store.status(self._name)))


class Session(Bucket, Closing):
    """A bucket that shows at least what its session has read and written, here and on other nodes.

    Whatever it is asked waits until this node has come so far; NotYetError if that takes longer than
    its timeout. `token` goes with the user to the next node. Entering its block waits as well.
    """

    __slots__ = ("_seen", "_timeout")

    def __init__(
        self, store: _native.Store, name: str, token: str = "", timeout: float | None = None
    ) -> None:
        self._seen = _native.Token(token)
        self._timeout = timeout
        super().__init__(store, name, EachCall(self._begin, self._seen.observe))
        self._token = self._seen

    @property
    def token(self) -> str:
        """What the session has seen, as a word to store and to send along."""
        return self._seen.text()

    def merge(self, other: Session | str) -> None:
        """The session has seen all that another one has, given itself or as its token."""
        self._seen.merge(_native.Token(other) if isinstance(other, str) else other._seen)

    def read(self) -> Snapshot:
        native = self._begin(False)
        self._seen.observe(native)
        return Snapshot(native)

    def transaction(self) -> Transaction:
        return Transaction(self._begin(True), self._seen)

    def _begin(self, writing: bool) -> _native.Transaction:
        covering = patiently(
            lambda ms: self._store.begin_at_least(self._name, self._seen, ms), self._timeout
        )
        if not writing:
            return covering
        # Versions never go back: whoever writes after this sees it.
        covering.close()
        return self._store.begin(self._name, True)

    def close(self) -> None:
        """Ends nothing: a session holds on to nothing but its token."""

    def __enter__(self) -> Self:
        self.read().close()
        return self


class Store(Bucket, Closing):
    """A node's store, shared by the processes of the node. As a bucket it is the one named "default".

    Threads may share it. Open a directory once per process.
    """

    __slots__ = ()

    def __init__(self, directory: Path, *, map_bytes: int = 0, min_free_bytes: int = 0) -> None:
        super().__init__(
            _native.Store(os.fsencode(directory), map_bytes, min_free_bytes), "default"
        )

    def close(self) -> None:
        """BusyError, and it stays open, while it has transactions, nodes or watches."""
        self._store.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except BusyError:
            # What the traceback of an error holds on to must not hide the error.
            if kind is None:
                raise

    def bucket(self, name: str) -> Bucket:
        return Bucket(self._store, name)

    def buckets(self) -> list[str]:
        """The names of all buckets, sorted."""
        return list(self._store.buckets())

    @property
    def replica(self) -> str:
        """The identity that the next write will bear, 32 hexadecimal digits."""
        return self._store.replica().hex()

    def node(
        self,
        listen: str = "127.0.0.1:*",
        peers: Iterable[str] = (),
        *,
        insecure: bool = False,
        round_ms: int = 0,
        log: Log | None = None,
        key_file: Path | None = None,
        allow: Iterable[str] = (),
        advertise: str | None = None,
        cluster: str | None = None,
        leaf: bool = False,
        only_peers: bool = False,
    ) -> Node:
        """Starts to replicate, on a thread of its own: what the daemon does for a directory.

        It needs a key file (see `generate_key`), and lets in whoever `allow` lists: public keys, each
        with `=RIGHTS` behind it or without; or it is `insecure`, on loopback addresses only.
        `advertise` is where others reach it, if that is not where it listens; nodes of another
        `cluster` are refused. A `leaf` holds links to a few others and relays nothing; with
        `only_peers` nobody is looked for.
        """
        file = None if key_file is None else os.fsencode(key_file)
        return Node(
            self._store.node(
                listen,
                tuple(peers),
                insecure,
                round_ms,
                log,
                file,
                tuple(allow),
                advertise,
                cluster,
                leaf,
                only_peers,
            )
        )

    def export_bundle(
        self, file: Path, *, bucket: str | None = None, since: Path | None = None
    ) -> Summary:
        """Writes all that the store holds, or what changed since the bundle `since`, to a file."""
        earlier = None if since is None else os.fsencode(since)
        return summary_of(self._store.export(os.fsencode(file), bucket, earlier))

    def import_bundles(self, *files: Path) -> int:
        """Joins bundles, in the order that they build on each other; returns how many rows."""
        return self._store.import_(*(os.fsencode(file) for file in files))

    def check(self, *, repair: bool = False) -> Report:
        """Looks at every row and index entry; mends indexes if asked to."""
        looked_at, found, repaired, problems = self._store.check(repair)
        return Report(looked_at, found, repaired, problems.splitlines())


class Node(Closing):
    """Replication on a thread of this process."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Node) -> None:
        self._native = native

    @property
    def address(self) -> str:
        """The address that was bound, with its port."""
        return self._native.address()

    def status(self) -> dict[str, Any]:
        """What it is doing: its links, and how far others are in each bucket."""
        return cast("dict[str, Any]", json.loads(self._native.status()))

    def set_allowed(self, allow: Iterable[str]) -> None:
        """Replaces who may get in. Connections of others are closed within a moment."""
        self._native.set_allowed(tuple(allow))

    def drain(self, timeout: float | None = None) -> None:
        """Takes leave: waits until every linked neighbour holds durably what this node held then.

        NotYetError after `timeout` seconds. It goes on, but accepts nobody new; stop it next.
        """
        patiently(self._native.drain, timeout)

    def close(self) -> None:
        """Says goodbye to the peers and stops."""
        self._native.stop()

    stop = close


class Watch(Closing):
    """Tells when a bucket has changed: by this process, another, or a peer's writes that arrived."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Watch) -> None:
        self._native = native

    def fileno(self) -> int:
        """For select and event loops: readable when it is time for `take`."""
        return self._native.fileno()

    def take(self) -> bool:
        """Whether the bucket has changed since the last time this was asked."""
        return self._native.take()

    def wait(self, timeout: float | None = None) -> bool:
        """As `take`, after waiting for a change, for so many seconds at most."""
        end = None if timeout is None else time.monotonic() + timeout
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        while not self.take():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            poll.poll(None if left is None else left * 1000)
        return True

    def __iter__(self) -> Iterator[None]:
        """One turn for each time that the bucket has changed, without end."""
        while self.wait():
            yield None

    def close(self) -> None:
        self._native.close()


def inspect_bundle(file: Path) -> Summary:
    """Reads a bundle through, checking every byte."""
    return summary_of(_native.inspect(os.fsencode(file)))


def generate_key(file: Path) -> str:
    """Makes a key pair for a node and writes it to a new file; returns the public key."""
    return _native.generate_key(os.fsencode(file))
