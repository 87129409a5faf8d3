#include <iostream>
#include <kigumi/kigumi.hpp>
#include <kigumi/replication/bundle.hpp>

/// Two replicas that never share a network: a ship and its office exchange files on a stick. Any
/// file may be lost, come late or be read twice; what is missing is refused, never guessed.

/// Writes what `from` has beyond what the other side is known to have.
void pack(kigumi::Store& from, const std::string& file, const kigumi::bundle::Versions& known) {
    kigumi::bundle::WriteOptions options;
    options.since = kigumi::bundle::reachable(from, known).value();
    const auto written = kigumi::bundle::write(from, file, options).value();
    std::cout << file << ": " << written.rows << " rows\n";
}

void count(kigumi::Store& store, const std::string& name, int amount) {
    auto tx = store.write().value();
    tx.map("cargo").counter(name).add(amount).value();
    tx.commit().value();
}

int main() {
    const auto ship = kigumi::Store::open("ship").value();
    const auto office = kigumi::Store::open("office").value();
    for (const char* name : {"tea", "silk", "salt"}) count(*office, name, 100);

    pack(*office, "1-office.kgm", {});  // nothing is known of the ship: everything
    kigumi::bundle::import(*ship, {"1-office.kgm"}).value();

    // At sea both go on.
    const auto known = kigumi::bundle::versions(*ship).value();
    count(*ship, "tea", -7);
    count(*office, "silk", 40);
    pack(*ship, "2-ship.kgm", known);
    pack(*office, "3-office.kgm", known);
    kigumi::bundle::import(*office, {"2-ship.kgm"}).value();
    kigumi::bundle::import(*ship, {"3-office.kgm"}).value();
    kigumi::bundle::import(*ship, {"3-office.kgm"}).value();  // again: nothing happens

    for (kigumi::Store* store : {ship.get(), office.get()}) {
        auto now = store->read().value();
        auto cargo = now.map("cargo");
        for (const auto& field : cargo.fields().value())
            std::cout << field.name << ' ' << cargo.counter(field.name).value().value() << ' ';
        std::cout << '\n';
    }
}
