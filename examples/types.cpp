#include <iostream>
#include <kigumi/crdt/json.hpp>
#include <kigumi/crdt/memory_rows.hpp>

/// Each type once, with what happens when two replicas change it before they meet. Replicas in
/// memory, joined by hand; transactions of a store have the same views.

using kigumi::to_json;

void registers(kigumi::MemoryRows& a, kigumi::MemoryRows& b) {
    a.reg("name").assign("Ada").value();
    b.reg("name").assign("Bob").value();
    a.join(b);
    const auto last = a.reg("name").get().value();       // the last writer's, if there is one
    const auto both = a.reg("name").siblings().value();  // all that were written at the same time
    std::cout << "register " << to_json(last.value()) << " of " << both.size() << '\n';
}

void counters(kigumi::MemoryRows& a, kigumi::MemoryRows& b) {
    a.counter("hits").add(3).value();
    b.counter("hits").add(-1).value();
    b.join(a);
    b.counter("hits").reset().value();  // takes back the 2 that it sees
    a.counter("hits").add(5).value();   // nobody has seen these
    a.join(b);
    std::cout << "counter " << a.counter("hits").value().value() << '\n';
}

void sets(kigumi::MemoryRows& a, kigumi::MemoryRows& b) {
    a.set("cart").add("milk").value();
    b.join(a);
    const bool was_there = a.set("cart").erase("milk").value();
    b.set("cart").add("milk").value();  // again, at the same time: the addition wins
    a.join(b);
    std::cout << "set " << was_there << ' ' << a.set("cart").contains("milk").value() << '\n';
}

void flags(kigumi::MemoryRows& a, kigumi::MemoryRows& b) {
    a.flag("open").enable().value();
    b.flag("open").disable().value();
    a.join(b);
    const bool any = a.flag("open").enabled().value();         // somebody says so
    const bool all = a.flag("open").enabled_by_all().value();  // and nobody denies it
    std::cout << "flag " << any << ' ' << all << '\n';
}

void maps(kigumi::MemoryRows& a, kigumi::MemoryRows& b) {
    a.map("user").reg("city").assign("Kyoto").value();
    a.map("user").counter("visits").add(1).value();
    b.join(a);
    const bool was_there = a.map("user").erase("visits").value();
    b.map("user").counter("visits").add(4).value();  // what the removal has not seen stays
    a.join(b);
    std::cout << "map " << was_there << ' ' << a.map("user").counter("visits").value().value()
              << '\n';
}

int main() {
    const auto clock = [] { return std::uint64_t{1'000}; };
    kigumi::MemoryRows a(*kigumi::ReplicaId::from_hex(std::string(32, 'a')), clock);
    kigumi::MemoryRows b(*kigumi::ReplicaId::from_hex(std::string(32, 'b')), clock);
    registers(a, b);
    counters(a, b);
    sets(a, b);
    flags(a, b);
    maps(a, b);
}
