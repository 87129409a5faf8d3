"""Sessions, and waiting for others."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kigumi

LONG = 60.0


@pytest.fixture
def other(tmp_path: Path) -> Iterator[kigumi.Store]:
    with kigumi.open(tmp_path / "other") as opened:
        yield opened


def carry(source: kigumi.Store, target: kigumi.Store, directory: Path) -> None:
    source.export_bundle(directory / "carried")
    target.import_bundles(directory / "carried")


def test_a_session_goes_on_elsewhere(
    store: kigumi.Store, other: kigumi.Store, tmp_path: Path
) -> None:
    with store.session() as session:
        session.counter("n").add()
        with session.transaction() as tx:
            tx.counter("n").add()
        assert session.counter("n").value == 2
    there = other.session(session.token, timeout=0.01)
    attempts: list[Callable[[], object]] = [
        lambda: there.counter("n").value,
        lambda: there.counter("n").add(),
        lambda: list(there.keys()),
        lambda: there.read(),
        lambda: there.transaction(),
        lambda: there.__enter__(),
    ]
    for attempt in attempts:
        with pytest.raises(kigumi.NotYetError, match="2 events"):
            attempt()
    carry(store, other, tmp_path)
    with there:
        assert there.counter("n").value == 2
        assert [one.key for one in there.keys()] == ["n"]


def test_what_was_read_is_seen(store: kigumi.Store, other: kigumi.Store) -> None:
    store.set("s").add("a")
    reads: list[Callable[[kigumi.Session], object]] = [
        lambda session: session.read().close(),
        lambda session: list(session.set("s")),
        lambda session: len(session.set("s")),
        lambda session: session.transaction().__exit__(None, None, None),
    ]
    for read in reads:
        session = store.session()
        empty = session.token
        read(session)
        assert session.token != empty
        with pytest.raises(TimeoutError):
            other.session(session.token, timeout=0).read()


def test_what_was_not_committed_was_not_seen(store: kigumi.Store) -> None:
    session = store.session()
    before = session.token
    with pytest.raises(ZeroDivisionError), session.transaction() as tx:
        tx.counter("n").add()
        raise ZeroDivisionError
    assert session.token == before


def test_sessions_merge(store: kigumi.Store, other: kigumi.Store) -> None:
    one, two, three = store.session(), store.bucket("b").session(), store.session()
    one.counter("n").add()
    two.counter("n").add()
    three.merge(one)
    three.merge(two.token)
    for name in ("default", "b"):
        with pytest.raises(kigumi.NotYetError):
            other.bucket(name).session(three.token, timeout=0).read()
        store.bucket(name).session(three.token, timeout=0).read().close()


def test_no_token(store: kigumi.Store) -> None:
    with pytest.raises(kigumi.InvalidArgumentError, match="no session token"):
        store.session("milk")
    with pytest.raises(kigumi.UnsupportedError):
        store.session("kigumi9.AAAA")


def test_once_in_a_session(store: kigumi.Store) -> None:
    def work(tx: kigumi.Transaction) -> None:
        tx.counter("n").add()

    first, again = store.session(), store.session()
    assert first.once("r", work) == (None, False)
    assert again.once("r", work) == (None, True)
    assert first.token == again.token


def test_others_confirm(store: kigumi.Store, other: kigumi.Store) -> None:
    session = store.session()
    session.counter("n").add()
    with pytest.raises(kigumi.NotYetError, match="0 of 1 peer"):
        store.wait(1, 0.01)
    with pytest.raises(kigumi.NotYetError, match="0.3 s in all"):
        session.wait(1, timeout=0.3)
    assert store.confirmed() == store.wait(0) == 0
    with (
        store.node(insecure=True) as node,
        other.node(peers=[node.address], insecure=True),
    ):
        assert store.wait(1, LONG) == session.wait(1) == 1
        assert store.confirmed() == session.confirmed() == 1
        with other.session(session.token, timeout=LONG) as there:
            assert there.counter("n").value == 1
    with pytest.raises(ValueError):
        store.wait(-1)


def test_a_wait_hears_signals_and_lets_others_work(store: kigumi.Store) -> None:
    def interrupt() -> None:
        store.counter("n").add()
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(0.1, interrupt)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        store.wait(1, LONG)
    timer.join()
    assert time.monotonic() - begun < LONG
    assert store.counter("n").value == 1
