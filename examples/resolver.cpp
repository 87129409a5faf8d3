#include <algorithm>
#include <iostream>
#include <kigumi/crdt/json.hpp>
#include <kigumi/crdt/memory_rows.hpp>
#include <set>

/// A resolver of one's own. A booking is one register that holds an object; when two waiters have
/// changed it at the same time, both writes are kept, and this application decides what they mean.

/// The largest party and all wishes. A pure function of the siblings: every replica that has the
/// same writes reads the same booking, and nobody has to write anything for it.
kigumi::Object resolve(const std::vector<kigumi::Sibling>& siblings) {
    std::int64_t guests = 0;
    std::set<std::string> wishes;
    for (const kigumi::Sibling& sibling : siblings) {
        const auto* booking = sibling.value.get_if<kigumi::Object>();
        if (booking == nullptr) continue;  // removed there
        guests = std::max(guests, *booking->at("guests").get_if<std::int64_t>());
        for (const kigumi::Value& wish : *booking->at("wishes").get_if<kigumi::Array>())
            wishes.insert(*wish.get_if<std::string>());
    }
    return {{"guests", guests}, {"wishes", kigumi::Array(wishes.begin(), wishes.end())}};
}

void print(const char* who, kigumi::MemoryRows& replica) {
    const auto siblings = replica.reg("table-4").siblings().value();
    std::cout << who << ": " << siblings.size() << " written, read as "
              << kigumi::to_json(resolve(siblings)) << '\n';
}

int main() {
    // Replicas in memory, joined by hand; transactions of a store have the same views.
    const auto clock = [] { return std::uint64_t{1'000}; };
    kigumi::MemoryRows bar(*kigumi::ReplicaId::from_hex(std::string(32, 'b')), clock);
    kigumi::MemoryRows door(*kigumi::ReplicaId::from_hex(std::string(32, 'd')), clock);

    bar.reg("table-4")
        .assign(kigumi::from_json(R"({"guests":2,"wishes":["window"]})").value())
        .value();
    door.reg("table-4")
        .assign(kigumi::from_json(R"({"guests":4,"wishes":["cake"]})").value())
        .value();
    bar.join(door);
    door.join(bar);
    print("bar", bar);
    print("door", door);

    // Writing the decision down replaces what it was made from; then there is nothing to decide.
    bar.reg("table-4").assign(resolve(bar.reg("table-4").siblings().value())).value();
    door.join(bar);
    print("door, later", door);
}
