#include <algorithm>

#include "bytes.hpp"
#include "lab.hpp"

/// Pushes: the only place that knows how the product makes and takes them.
namespace kigumi::scope {
namespace {

constexpr std::size_t kMaxPushBytes = std::size_t{1} << 20;
/// The buffer of waiting pushes is full then, and the next is dropped.
constexpr std::size_t kMaxHeld = 2;

/// What a replica drops before it looks at the rows of a push.
bool dropped(const wire::Push& push, const Site& site, const ReplicaId& self) {
    return push.version[self] > site.version[self] || site.version.covers(push.version);
}

}  // namespace

/// Everything that a peer may have been told before: of each origin, as far as any of its
/// transactions. Without relays only the own events are pushed.
std::vector<VersionVector> Lab::push_bases(Id from) const {
    const Site& site = sites_[from];
    std::vector<VersionVector> bases{VersionVector()};
    for (const auto& [origin, newest] : site.version) {
        std::vector<std::uint64_t> ends;
        if (scope_.relays || origin == id_of(site.replica)) ends.push_back(0);
        for (const std::uint32_t number : site.past) {
            const Event& event = events_[number];
            const bool end = event.last && event.event.dot.origin == origin;
            if (end && (!ends.empty() || event.event.dot.counter == newest))
                ends.push_back(event.event.dot.counter);
        }
        std::vector<VersionVector> longer;
        for (const VersionVector& base : bases) {
            for (const std::uint64_t end : ends) {
                longer.push_back(base);
                if (end > 0) longer.back().raise(origin, end);
            }
        }
        bases = std::move(longer);
    }
    std::erase(bases, site.version);
    return bases;
}

Lab::Id Lab::push(Id from, const VersionVector& base, unsigned index) {
    return once(kPush, from, index, 0,
                [&]() -> Outcome {
                    const Site& site = sites_[from];
                    auto snapshot = put(site).read().value();
                    auto push =
                        make_push(snapshot, std::string(kDefaultBucket), base, kMaxPushBytes)
                            .value();
                    if (!push) return {};
                    Flight flight{wire::encode(std::move(*push)),
                                  events_between(base, site.version), site.replica, site.past};
                    std::string bytes = flight.bytes;
                    append(bytes, std::uint64_t{flight.sender});
                    append(bytes, flight.past);
                    return {flights_.add(std::move(bytes), std::move(flight))};
                })
        .first;
}

Lab::Id Lab::receive(Id to, Id flight) {
    return once(kReceive, to, flight, 0,
                [&]() -> Outcome {
                    Site site = sites_[to];
                    const auto message = wire::decode(flights_[flight].bytes).value();
                    const auto& push = std::get<wire::Push>(message);
                    if (dropped(push, site, id_of(site.replica))) return {to};
                    const auto& waiting = site.held_names;
                    const bool known =
                        std::find(waiting.begin(), waiting.end(), flight) != waiting.end();
                    if (known || waiting.size() == kMaxHeld) return {to};
                    auto checked = check_push(flights_[flight].sender + 1, push);
                    if (!checked)
                        throw Violation("an honest push was refused: " + checked.error().message);
                    HeldPushes held = site.held ? *site.held : HeldPushes();
                    held.add(std::move(*checked));
                    site.held = std::make_shared<const HeldPushes>(std::move(held));
                    site.held_names.push_back(flight);
                    put(site);
                    return {settle(std::move(site), {})};
                })
        .first;
}

void Lab::apply_held(Site& site, std::vector<const Past*>& sources) {
    if (!site.held) return;
    Store& store = *benches_[site.replica].store;
    if (!site.held->ready(store.read().value().version())) return;
    HeldPushes held = *site.held;
    const auto joined = held.apply(store, std::string(kDefaultBucket));
    if (!joined) throw Violation("an honest push was not joined: " + joined.error().message);
    if (!joined->refused.empty())
        throw Violation("an honest push was refused: " + joined->refused.front().second);
    for (const std::uint32_t name : site.held_names) sources.push_back(&flights_[name].past);
    if (held.empty()) {
        site.held.reset();
        site.held_names.clear();
    } else {
        site.held = std::make_shared<const HeldPushes>(std::move(held));
    }
}

}  // namespace kigumi::scope
