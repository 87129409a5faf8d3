"""Each type by example, over a store and over a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import kigumi

VALUES: list[Any] = [
    None, True, False, 0, 1, -(2**63), 2**63 - 1, 1.0, float("inf"), "", "naïve 木", "a\0b", b"",
    b"\0\xff", [], [1, [2.5, None]], {}, {"b": 1, "a": {"list": [b"x", True]}},
]


@pytest.fixture(params=["store", "transaction"])
def space(request: pytest.FixtureRequest, store: kigumi.Store) -> Iterator[Any]:
    if request.param == "store":
        yield store
    else:
        with store.transaction() as tx:
            yield tx


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_as_they_were(space: Any, value: Any) -> None:
    space.register("r").assign(value)
    found = space.register("r").get(default="nothing")
    assert found == value
    assert type(found) is type(value)
    space.set("s").add(value)
    assert value in space.set("s")
    assert list(space.set("s")) == [value]


def test_numbers_of_different_types_are_different_members(space: Any) -> None:
    for value in (1, 1.0, True):
        assert space.set("s").add(value)
    assert len(space.set("s")) == 3


def test_buffers_are_bytes(space: Any) -> None:
    space.register("r").assign([bytearray(b"ab"), memoryview(b"cd")])
    assert space.register("r").get() == [b"ab", b"cd"]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (object(), TypeError),
        ({1: 2}, TypeError),
        ({1, 2}, TypeError),
        (2**63, ValueError),
        ("\ud800", ValueError),
        ("x" * (1 << 20), kigumi.InvalidArgumentError),
    ],
    ids=["object", "key", "set", "large", "surrogate", "long"],
)
def test_other_values_are_refused(space: Any, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        space.register("r").assign(value)
    assert not space.register("r").exists()


def test_a_list_within_itself_is_refused(space: Any) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(kigumi.InvalidArgumentError, match="deeper than 16"):
        space.register("r").assign(endless)


def test_register(space: Any) -> None:
    register = space.register("r")
    assert register.get() is None and register.get("default") == "default"
    assert register.siblings() == []
    register.assign("Ada")
    (only,) = register.siblings()
    assert (only.value, only.removed) == ("Ada", False)
    assert len(only.replica) == 32 and only.time.year >= 2020
    assert register.remove() and not register.remove()
    assert not register.exists()


def test_counter(space: Any) -> None:
    counter = space.counter("c")
    counter.add()
    counter.add(5)
    counter.subtract(2)
    assert counter.value == int(counter) == 4
    counter.reset()
    assert counter.value == 0
    with pytest.raises(TypeError):
        counter.add(1.5)
    with pytest.raises(ValueError):
        counter.add(2**63)


def test_flag(space: Any) -> None:
    flag = space.flag("f")
    assert not flag and not flag.enabled_by_all
    flag.enable()
    assert flag and flag.enabled and flag.enabled_by_all
    flag.disable()
    assert not flag.enabled


def test_set_is_a_set(space: Any) -> None:
    members = space.set("s")
    assert members.add("a") and not members.add("a")
    members |= {"b", "c"}
    assert members == {"a", "b", "c"} and members & {"a", "z"} == {"a"}
    members.remove("a")
    with pytest.raises(KeyError):
        members.remove("a")
    assert members.discard("b") and not members.discard("b")
    assert sorted(members) == ["c"]
    members.clear()
    assert len(members) == 0


def test_map_is_a_mapping(space: Any) -> None:
    fields = space.map("m")
    fields["name"] = "Ada"
    fields.counter("sold").add(3)
    fields.set("tags").add("new")
    assert list(fields) == ["name", "sold", "tags"] and len(fields) == 3
    assert fields["name"] == "Ada" and fields["sold"] == 3 and fields["tags"] == {"new"}
    assert "name" in fields and "nobody" not in fields and 7 not in fields
    assert fields.types("sold") == [kigumi.Type.COUNTER]
    assert fields.get("nobody") is None
    del fields["name"]
    with pytest.raises(KeyError):
        fields["name"]
    with pytest.raises(KeyError):
        del fields["name"]
    assert fields.pop("sold") == 3


def test_keys(space: Any) -> None:
    space.counter("order/1").add()
    space.set("order/2").add(1)
    space.set("order/1").add(1)
    space.register(b"\xff").assign(1)
    assert [(one.key, one.type.name) for one in space.keys("order/")] == [
        ("order/1", "SET"), ("order/1", "COUNTER"), ("order/2", "SET"),
    ]
    assert [one.key for one in space.keys()][-1] == b"\xff"
    assert "order/1" in space and "order" not in space
    assert space.types("order/1") == [kigumi.Type.SET, kigumi.Type.COUNTER]
    assert space.delete("order/1", kigumi.Type.SET) and not space.delete("order/1", kigumi.Type.SET)
    assert space.delete("order/1") and "order/1" not in space


def test_large_sets_are_gone_through_in_order(store: kigumi.Store) -> None:
    with store.transaction() as tx:
        for number in range(2000):
            tx.set("big").add(number)
    assert list(store.set("big")) == list(range(2000))
    first = iter(store.set("big"))
    assert next(first) == 0
