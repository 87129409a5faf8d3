"""The laws from outside: replicas that exchange bundles under any schedule show what a naive history
of all writes says they must, and agree in the end."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kigumi

REPLICAS = 3
numbers = itertools.count()


@dataclass(frozen=True)
class Write:
    number: int
    row: str
    says: Any  #: "removed" is a word that no test writes
    saw: frozenset[Write] = field(repr=False)


@dataclass
class Replica:
    """The model: the writes that a replica has seen, and what follows from them."""

    seen: frozenset[Write] = frozenset()

    def write(self, row: str, says: Any) -> None:
        self.seen |= {Write(next(numbers), row, says, self.seen)}

    def live(self, row: str) -> list[Any]:
        writes = [one for one in self.seen if one.row == row]
        return [one.says for one in writes if not any(one in other.saw for other in writes)]

    def count(self, row: str) -> int:
        writes = [one for one in self.seen if one.row == row]
        resets = [one for one in writes if one.says == "reset"]
        return sum(
            one.says
            for one in writes
            if one.says != "reset" and not any(one in reset.saw for reset in resets)
        )


def step(kind: str, content: Any) -> st.SearchStrategy[tuple[int, str, Any]]:
    return st.tuples(st.integers(0, REPLICAS - 1), st.just(kind), content)


members = st.sampled_from(["milk", "eggs"])
steps = st.one_of(
    step("add", members),
    step("discard", members),
    step("assign", st.integers(0, 3)),
    step("remove", st.none()),
    step("count", st.integers(-3, 3)),
    step("reset", st.none()),
    step("flag", st.booleans()),
    step("send", st.integers(0, REPLICAS - 1)),
)


def perform(bucket: kigumi.Bucket, model: Replica, kind: str, content: Any) -> None:
    if kind == "add":
        bucket.set("cart").add(content)
        model.write(f"cart/{content}", "added")
    elif kind == "discard":
        was_there = "added" in model.live(f"cart/{content}")
        assert bucket.set("cart").discard(content) == was_there
        if was_there:
            model.write(f"cart/{content}", "removed")
    elif kind == "assign":
        bucket.register("price").assign(content)
        model.write("price", content)
    elif kind == "remove":
        was_there = any(says != "removed" for says in model.live("price"))
        assert bucket.register("price").remove() == was_there
        if was_there:
            model.write("price", "removed")
    elif kind == "count":
        bucket.counter("sold").add(content)
        model.write("sold", content)
    elif kind == "reset":
        bucket.counter("sold").reset()
        model.write("sold", "reset")
    elif content:
        bucket.flag("open").enable()
        model.write("open", True)
    else:
        bucket.flag("open").disable()
        model.write("open", False)


def compare(bucket: kigumi.Bucket, model: Replica) -> None:
    with bucket.read() as now:
        assert set(now.set("cart")) == {
            name for name in ("milk", "eggs") if "added" in model.live(f"cart/{name}")
        }
        siblings = now.register("price").siblings()
        shown = ["removed" if one.removed else one.value for one in siblings]
        assert Counter(shown) == Counter(model.live("price"))
        assert now.counter("sold").value == model.count("sold")
        open_writes = model.live("open")
        assert now.flag("open").enabled == (True in open_writes)
        assert now.flag("open").enabled_by_all == (open_writes != [] and False not in open_writes)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[kigumi.Store]]:
    directory = tmp_path_factory.mktemp("stores")
    opened = [kigumi.open(directory / str(i)) for i in range(REPLICAS)]
    yield opened
    for store in opened:
        store.close()


def send(source: kigumi.Store, target: kigumi.Store, bucket: str, file: Path) -> None:
    source.export_bundle(file, bucket=bucket)
    target.import_bundles(file)


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(schedule=st.lists(steps, max_size=25))
def test_replicas_converge_on_what_the_history_says(
    stores: list[kigumi.Store], tmp_path: Path, schedule: list[tuple[int, str, Any]]
) -> None:
    name = f"example-{next(numbers)}"
    buckets = [store.bucket(name) for store in stores]
    models = [Replica() for _ in stores]
    file = tmp_path / "bundle"
    for who, kind, content in schedule:
        if kind != "send":
            perform(buckets[who], models[who], kind, content)
            compare(buckets[who], models[who])
        elif models[who].seen:
            send(stores[who], stores[content], name, file)
            models[content].seen |= models[who].seen
            compare(buckets[content], models[content])
    # Round and back, and all have seen everything.
    for who, to in [(0, 1), (1, 2), (2, 0), (0, 1)]:
        if models[who].seen:
            send(stores[who], stores[to], name, file)
            models[to].seen |= models[who].seen
    for bucket, model in zip(buckets, models):
        assert model.seen == models[0].seen
        compare(bucket, model)
    assert len({str(bucket.register("price").get()) for bucket in buckets}) == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, database=None, print_blob=True)
@given(value=values)
def test_any_value_comes_back(stores: list[kigumi.Store], value: Any) -> None:
    with stores[0].transaction() as tx:
        tx.register("r").assign(value)
        assert repr_sorted(tx.register("r").get()) == repr_sorted(value)
        tx.set("s").add(value)
        assert value in tx.set("s")
        tx.set("s").clear()


def repr_sorted(value: Any) -> str:
    """Tells 1 from 1.0 and True, and 0.0 from -0.0."""
    if isinstance(value, dict):
        return repr(sorted((name, repr_sorted(one)) for name, one in value.items()))
    if isinstance(value, list):
        return repr([repr_sorted(one) for one in value])
    return repr(value)
