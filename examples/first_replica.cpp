#include <iostream>
#include <kigumi/kigumi.hpp>

int main() {
    auto store = kigumi::Store::open("till-1").value();
    auto tx = store->write().value();  // one atomic, durable transaction
    tx.set("cart").add("milk").value();
    tx.set("cart").add("eggs").value();
    tx.counter("sold").add(2).value();
    tx.reg("cashier").assign("Ada").value();
    tx.commit().value();

    auto now = store->read().value();  // a snapshot
    for (const auto& item : now.set("cart").members().value())
        std::cout << kigumi::to_json(item) << '\n';
    std::cout << now.counter("sold").value().value() << " sold by "
              << kigumi::to_json(now.reg("cashier").get().value().value()) << '\n';
}
