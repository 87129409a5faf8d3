#!/usr/bin/env python3
"""A shop that sells without a network: two tills and a back office, each with a store of its own.

point_of_sale.cpp in Python: stock is counted, carts are sets, settings a map.
"""

import json
from contextlib import ExitStack

import kigumi


def sell(till, receipt, article):
    """Sells one piece. The till may ask twice, if it has not seen the answer: the sale counts once."""

    def work(tx):
        tx.map("stock").counter(article).add(-1)
        tx.counter("sold").add(1)
        return article

    till.once(receipt, work)


def meet(*shop):
    """The network is there: each runs a node, until all have what any of them has."""
    everything = shop[0].session()
    with ExitStack() as nodes:
        addresses = []
        for store in shop:
            seen = store.session()
            seen.read().close()
            everything.merge(seen)
            # Plain text, on loopback only.
            node = nodes.enter_context(store.node(peers=addresses, insecure=True))
            addresses.append(node.address)
        for store in shop:
            store.session(everything.token).read().close()


def show(who, store):
    with store.read() as now:
        milk = now.map("stock").counter("milk").value
        cart = "".join(" " + json.dumps(item) for item in now.set("cart"))
        closes = json.dumps(now.map("settings")["closes"])
        print(f"{who}: {milk} milk, {now.counter('sold').value} sold, cart{cart}, closes {closes}")


with kigumi.open("till-1") as till_1, kigumi.open("till-2") as till_2, kigumi.open("office") as office:
    with office.transaction() as tx:  # all of it or nothing, durable when it ends
        tx.map("stock").counter("milk").add(10)
        tx.map("settings")["closes"] = "18:00"
    till_1.set("cart").add("eggs")
    meet(till_1, till_2, office)
    show("before", till_2)

    # Nobody sees anybody now.
    sell(till_1, "receipt-1", "milk")
    sell(till_1, "receipt-1", "milk")  # asked again
    sell(till_2, "receipt-2", "milk")
    till_1.set("cart").discard("eggs")
    till_2.set("cart").add("eggs")  # wins over the removal
    office.map("settings")["closes"] = "20:00"
    show("till 1 alone", till_1)
    show("till 2 alone", till_2)

    meet(till_1, till_2, office)
    show("till 1", till_1)
    show("till 2", till_2)
    show("office", office)
