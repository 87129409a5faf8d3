"""Adds so many members to a set, in one transaction; prints the microseconds that each took."""

import sys
import time

import kigumi

directory, key, operations = sys.argv[1], sys.argv[2], int(sys.argv[3])
with kigumi.open(directory) as store:
    begun = time.perf_counter()
    with store.transaction() as tx:
        for i in range(operations):
            tx.set(key).add(i)
    print((time.perf_counter() - begun) / operations * 1e6)
