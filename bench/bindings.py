"""Does blocks of operations in one transaction each, as bench_bindings asks; answers with microseconds."""

import sys
import time

import kigumi

# What is written is made before: making it is not what is measured.
NAMES = [f"the member number {i}" for i in range(int(sys.argv[2]))]


def add_member(tx, from_, to):
    for i in range(from_, to):
        tx.set("set").add(i)


def add_text(tx, from_, to):
    for i in range(from_, to):
        tx.set("texts").add(NAMES[i])


def count(tx, from_, to):
    for _ in range(from_, to):
        tx.counter("counter").add(1)


def assign(tx, from_, to):
    for i in range(from_, to):
        tx.register(NAMES[i]).assign("a short text")


def assign_field(tx, from_, to):
    for i in range(from_, to):
        tx.map("map")[NAMES[i]] = i


def look(tx, from_, to):
    for i in range(from_, to):
        if i not in tx.set("set"):
            raise SystemExit(f"{i} is missing")


with kigumi.open(sys.argv[1]) as store, store.transaction() as tx:
    for line in sys.stdin:
        operation, from_, to = line.split()
        begun = time.perf_counter()
        globals()[operation](tx, int(from_), int(to))
        print((time.perf_counter() - begun) * 1e6, flush=True)
