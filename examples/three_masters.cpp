#include <chrono>
#include <iostream>
#include <kigumi/kigumi.hpp>
#include <thread>

/// Three masters in one process, each with a store and a node of its own: all are written at once,
/// and all come to hold the same.
int main() {
    std::vector<std::unique_ptr<kigumi::Store>> stores;
    std::vector<std::unique_ptr<kigumi::Node>> nodes;
    std::vector<std::string> addresses;
    for (const char* directory : {"north", "south", "west"}) {
        stores.push_back(kigumi::Store::open(directory).value());
        kigumi::NodeOptions options;
        options.listen = "127.0.0.1:*";
        options.peers = addresses;
        options.insecure = true;  // plain text, on loopback only
        nodes.push_back(kigumi::Node::start(*stores.back(), options).value());
        addresses.push_back(nodes.back()->address());
    }

    for (std::size_t i = 0; i < stores.size(); ++i) {
        auto tx = stores[i]->write().value();
        tx.counter("visitors").add(static_cast<int>(i) + 1).value();
        tx.reg("leader").assign(addresses[i].substr(0, 9)).value();
        tx.commit().value();
    }

    for (std::size_t i = 0; i < stores.size(); ++i) {
        while (stores[i]->read().value().version().size() < stores.size())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        auto now = stores[i]->read().value();
        std::cout << now.counter("visitors").value().value() << " visitors, "
                  << now.reg("leader").siblings().value().size() << " concurrent leaders\n";
    }
}
