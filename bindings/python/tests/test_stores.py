"""Stores, transactions, requests, watches, nodes and files."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

import kigumi

LONG = 60.0


def test_a_transaction_is_all_or_nothing(store: kigumi.Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.counter("c").add()
        raise ZeroDivisionError
    assert store.counter("c").value == 0
    with store.transaction() as tx:
        tx.counter("c").add()
        assert store.counter("c").value == 0
    assert store.counter("c").value == 1


def test_what_has_ended_says_so(store: kigumi.Store) -> None:
    with store.transaction() as tx:
        members = tx.set("s")
        members.add(1)
        going = iter(members)
    with pytest.raises(kigumi.InvalidArgumentError, match="has ended"):
        members.add(2)
    with pytest.raises(kigumi.InvalidArgumentError, match="has ended"):
        next(going)


def test_a_snapshot_stays_as_it_was(store: kigumi.Store) -> None:
    with store.read() as snapshot:
        store.counter("c").add()
        assert snapshot.counter("c").value == 0
        with pytest.raises(kigumi.InvalidArgumentError, match="only reads"):
            snapshot.counter("c").add()


def test_a_second_transaction_of_a_thread_does_not_wait_for_itself(store: kigumi.Store) -> None:
    with store.transaction(), pytest.raises(kigumi.BusyError):
        store.counter("c").add()


def test_threads_take_turns(store: kigumi.Store) -> None:
    def work() -> None:
        for _ in range(20):
            with store.transaction() as tx:
                tx.counter("c").add()
                tx.set("s").add(f"{threading.get_ident()}/{tx.counter('c').value}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counter("c").value == len(store.set("s")) == 80


def test_closing(tmp_path: Path) -> None:
    store = kigumi.open(tmp_path / "s")
    snapshot = store.read()
    with pytest.raises(kigumi.BusyError):
        store.close()
    snapshot.close()
    with pytest.raises(kigumi.BusyError, match="open in this process"):
        kigumi.open(tmp_path / "s")
    store.close()
    store.close()
    with pytest.raises(kigumi.InvalidArgumentError, match="closed"):
        store.counter("c").add()
    with kigumi.open(str(tmp_path / "s")) as again:
        assert len(again.replica) == 32


def test_what_is_forgotten_is_closed(tmp_path: Path) -> None:
    store = kigumi.open(tmp_path / "s")
    store.set("s").add(1)
    left = [store.read(), store.watch(), iter(store.set("s")), store.transaction()]
    del left, store
    gc.collect()
    kigumi.open(tmp_path / "s").close()


def test_an_error_is_not_hidden_by_what_its_traceback_holds(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), kigumi.open(tmp_path / "s") as store:
        snapshot = store.read()
        raise ZeroDivisionError
    snapshot.close()


def test_requests_count_once(store: kigumi.Store) -> None:
    def sell(tx: kigumi.Transaction) -> int:
        tx.counter("sold").add()
        return tx.counter("sold").value

    assert store.once("sale-1", sell) == (1, False)
    assert store.once("sale-1", sell) == (1, True)
    assert store.outcome("sale-1") == (1, True) and store.outcome("sale-2") is None
    assert store.counter("sold").value == 1


def test_buckets_are_apart(store: kigumi.Store) -> None:
    store.bucket("shop").counter("c").add()
    store.counter("c").add(2)
    assert store.bucket("shop").counter("c").value == 1
    assert store.buckets() == ["default", "shop"]
    assert store.bucket("shop").status()["bucket"] == "shop"


def test_errors_are_what_python_calls_them(store: kigumi.Store, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        store.counter("").add()
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(OSError) as caught:
        kigumi.open(file)
    assert isinstance(caught.value, kigumi.StorageError)
    assert str(file) in str(caught.value)


def test_watch(store: kigumi.Store) -> None:
    with store.watch() as watch:
        assert not watch.wait(0) and not watch.take()
        store.counter("c").add()
        assert watch.wait(LONG)
        store.bucket("another").counter("c").add()
        assert not watch.wait(0.01)
        store.counter("c").add()
        for _ in watch:
            break


def test_nodes_meet(store: kigumi.Store, tmp_path: Path) -> None:
    heard: list[tuple[int, str, str]] = []
    store.counter("c").add()
    with kigumi.open(tmp_path / "other") as other:
        with (
            store.node(insecure=True, log=lambda level, event, detail: heard.append((level, event, detail))) as node,
            other.watch() as watch,
            other.node(peers=[node.address], insecure=True),
        ):
            while other.counter("c").value == 0:
                assert watch.wait(LONG)
        assert other.counter("c").value == 1
    assert heard and all(isinstance(event, str) for _, event, _ in heard)
    with pytest.raises(kigumi.InvalidArgumentError, match="stopped"):
        _ = node.address


def test_a_node_needs_keys_or_to_be_told(store: kigumi.Store) -> None:
    with pytest.raises(kigumi.Error):
        store.node("127.0.0.1:*")


def test_bundles(store: kigumi.Store, tmp_path: Path) -> None:
    store.set("s").add("a")
    first = store.export_bundle(tmp_path / "1")
    store.set("s").add("b")
    second = store.export_bundle(tmp_path / "2", since=tmp_path / "1")
    assert (first.rows, second.rows) == (1, 1) and second.source == store.replica
    assert kigumi.inspect_bundle(tmp_path / "1") == first
    with kigumi.open(tmp_path / "other") as other:
        assert other.import_bundles(tmp_path / "2", tmp_path / "1") == 2
        assert set(other.set("s")) == {"a", "b"}
        report = other.check()
        assert report.sound and report.looked_at > 0 and report.problems == []


def test_siblings_and_their_resolution(store: kigumi.Store, tmp_path: Path) -> None:
    with kigumi.open(tmp_path / "other") as other:
        other.register("price").assign(12)
        store.register("price").assign(10)
        other.map("m")["x"] = 1
        store.map("m")["x"] = 2
        other.export_bundle(tmp_path / "b")
    store.import_bundles(tmp_path / "b")
    assert {one.value for one in store.register("price").siblings()} == {10, 12}
    assert [(one.key, one.field, len(one.siblings)) for one in store.conflicts()] == [
        ("m", "x", 2), ("price", None, 2),
    ]
    with store.transaction() as tx:
        assert tx.register("price").resolve(max) == 12
        assert tx.register("price").resolve(min) == 12
    assert [one.key for one in store.conflicts()] == ["m"]


def test_the_version_is_that_of_the_package() -> None:
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text()
    assert f'version = "{kigumi.__version__}"' in project


def test_signed_buckets_take_what_is_proved(store: kigumi.Store, tmp_path: Path) -> None:
    with kigumi.open(tmp_path / "other") as other:
        for each in (store, other):
            each.bucket("signed").sign()
        store.bucket("signed").counter("c").add()
        store.export_bundle(tmp_path / "signed", bucket="signed")
        other.import_bundles(tmp_path / "signed")
        assert other.bucket("signed").counter("c").value == 1
    store.counter("c").add()
    with pytest.raises(kigumi.InvalidArgumentError, match="proof"):
        store.sign()


def test_nodes_let_each_other_in_by_key(store: kigumi.Store, tmp_path: Path) -> None:
    files = [tmp_path / "key-1", tmp_path / "key-2"]
    keys = [kigumi.generate_key(file) for file in files]
    with pytest.raises(kigumi.InvalidArgumentError):
        kigumi.generate_key(files[0])
    store.counter("c").add()
    with (
        kigumi.open(tmp_path / "other") as other,
        store.node(key_file=files[0], cluster="shop") as node,
        other.node(
            peers=[f"{keys[0]}@{node.address}"],
            key_file=files[1],
            allow=[keys[0]],
            cluster="shop",
            leaf=True,
        ) as leaf,
    ):
        with pytest.raises(kigumi.NotYetError):
            store.wait(1, 0.2)
        with pytest.raises(ValueError, match="no key"):
            node.set_allowed(["no key"])
        node.set_allowed([keys[1]])
        assert store.wait(1, LONG) == 1
        (link,) = [link for link in node.status()["links"] if link["replica"] == other.replica]
        assert link["up"]
        leaf.drain(LONG)
    with pytest.raises(kigumi.InvalidArgumentError, match="stopped"):
        node.status()
