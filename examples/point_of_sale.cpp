#include <chrono>
#include <iostream>
#include <kigumi/kigumi.hpp>
#include <thread>

/// A shop that sells without a network: two tills and a back office, each with a store of its own.
/// Stock is counted, carts are sets, settings a map. When they meet, all three hold the same.

using Shop = std::vector<std::unique_ptr<kigumi::Store>>;

/// One transaction: all of `work` or nothing, durable when this returns.
template <class Work>
void write(kigumi::Store& store, Work work) {
    auto tx = store.write().value();
    work(tx);
    tx.commit().value();
}

/// Sells one piece. The till may ask twice, if it has not seen the answer: the sale counts once.
void sell(kigumi::Store& till, const std::string& receipt, const std::string& article) {
    write(till, [&](kigumi::WriteTransaction& tx) {
        const auto work = [&]() -> kigumi::Result<kigumi::Value> {
            KIGUMI_CHECK(tx.map("stock").counter(article).add(-1));
            KIGUMI_CHECK(tx.counter("sold").add(1));
            return kigumi::Value(article);
        };
        tx.request(receipt).once(work).value();
    });
}

/// The network is there: each runs a node, until all have what any of them has.
void meet(const Shop& shop) {
    std::vector<std::unique_ptr<kigumi::Node>> nodes;
    std::vector<std::string> addresses;
    for (const auto& store : shop) {
        kigumi::NodeOptions options;
        options.listen = "127.0.0.1:*";
        options.peers = addresses;
        options.insecure = true;  // plain text, on loopback only
        nodes.push_back(kigumi::Node::start(*store, options).value());
        addresses.push_back(nodes.back()->address());
    }
    kigumi::VersionVector everything;
    for (const auto& store : shop) everything.merge(store->read().value().version());
    for (const auto& store : shop)
        while (!store->read().value().version().covers(everything))
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

void print(const std::string& who, kigumi::Store& store) {
    auto now = store.read().value();
    std::cout << who << ": " << now.map("stock").counter("milk").value().value() << " milk, "
              << now.counter("sold").value().value() << " sold, cart";
    for (const auto& item : now.set("cart").members().value())
        std::cout << ' ' << kigumi::to_json(item);
    const auto closes = now.map("settings").reg("closes").get().value();
    std::cout << ", closes " << kigumi::to_json(closes.value_or(kigumi::Value())) << '\n';
}

int main() {
    Shop shop;
    for (const char* name : {"till-1", "till-2", "office"})
        shop.push_back(kigumi::Store::open(name).value());
    kigumi::Store &till_1 = *shop[0], &till_2 = *shop[1], &office = *shop[2];

    write(office, [](auto& tx) {
        tx.map("stock").counter("milk").add(10).value();
        tx.map("settings").reg("closes").assign("18:00").value();
    });
    write(till_1, [](auto& tx) { tx.set("cart").add("eggs").value(); });
    meet(shop);
    print("before", till_2);

    // Nobody sees anybody now.
    sell(till_1, "receipt-1", "milk");
    sell(till_1, "receipt-1", "milk");  // asked again
    sell(till_2, "receipt-2", "milk");
    write(till_1, [](auto& tx) { static_cast<void>(tx.set("cart").erase("eggs").value()); });
    write(till_2, [](auto& tx) { tx.set("cart").add("eggs").value(); });  // wins over the removal
    write(office, [](auto& tx) { tx.map("settings").reg("closes").assign("20:00").value(); });
    print("till 1 alone", till_1);
    print("till 2 alone", till_2);

    meet(shop);
    print("till 1", till_1);
    print("till 2", till_2);
    print("office", office);
}
