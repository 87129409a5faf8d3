#include <chrono>
#include <iostream>
#include <kigumi/kigumi.hpp>
#include <thread>

/// Three masters in one process. Each is written before it has met the others; then each gets a
/// node, and all come to hold the same.
int main() {
    std::vector<std::unique_ptr<kigumi::Store>> stores;
    for (const std::string name : {"north", "south", "west"}) {
        stores.push_back(kigumi::Store::open(name).value());
        auto tx = stores.back()->write().value();
        tx.counter("visitors").add(2).value();
        tx.reg("leader").assign(name).value();
        tx.commit().value();
    }

    std::vector<std::unique_ptr<kigumi::Node>> nodes;
    std::vector<std::string> addresses;
    for (const auto& store : stores) {
        kigumi::NodeOptions options;
        options.listen = "127.0.0.1:*";
        options.peers = addresses;
        options.insecure = true;  // plain text, on loopback only
        nodes.push_back(kigumi::Node::start(*store, options).value());
        addresses.push_back(nodes.back()->address());
    }

    for (const auto& store : stores) {
        while (store->read().value().version().size() < stores.size())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        auto now = store->read().value();
        std::cout << now.counter("visitors").value().value() << " visitors, "
                  << now.reg("leader").siblings().value().size() << " concurrent leaders\n";
    }
}
