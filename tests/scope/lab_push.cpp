#include <algorithm>

#include "bytes.hpp"
#include "lab.hpp"

/// Pushes: the only place that knows how the product makes and takes them.
namespace kigumi::scope {
namespace {

constexpr std::size_t kMaxPushBytes = std::size_t{1} << 20;

char letter(unsigned replica) { return static_cast<char>('A' + replica); }

}  // namespace

std::vector<std::uint64_t> Lab::push_starts(Id from) const {
    const Site& site = sites_[from];
    const ReplicaId self = id_of(site.replica);
    std::vector<std::uint64_t> starts{0};
    for (const std::uint32_t event : site.past)
        if (events_[event].last && events_[event].event.dot.origin == self)
            starts.push_back(events_[event].event.dot.counter);
    starts.pop_back();
    return starts;
}

Lab::Id Lab::push(Id from, std::uint64_t start) {
    return once(kPush, from, static_cast<Id>(start), 0,
                [&]() -> Outcome {
                    const Site& site = sites_[from];
                    auto snapshot = put(site).read().value();
                    auto push = make_push(snapshot, std::string(kDefaultBucket),
                                          id_of(site.replica), start, kMaxPushBytes)
                                    .value();
                    const std::string text = std::string(1, letter(site.replica)) + "'s push of " +
                                             std::to_string(push->from + 1) + ".." +
                                             std::to_string(push->to);
                    Flight flight{wire::encode(std::move(*push)), text, site.replica, site.past};
                    std::string bytes = flight.bytes;
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
                    if (site.version[push.origin] >= push.to) return {to};
                    auto checked = check_push(flights_[flight].origin + 1, push);
                    if (!checked)
                        throw Violation("an honest push was refused: " + checked.error().message);
                    HeldPushes held = site.held ? *site.held : HeldPushes();
                    held.add(std::move(*checked));
                    site.held = std::make_shared<const HeldPushes>(std::move(held));
                    if (std::find(site.held_names.begin(), site.held_names.end(), flight) ==
                        site.held_names.end())
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
    for (const std::uint32_t name : site.held_names) sources.push_back(&flights_[name].past);
    if (held.empty()) {
        site.held.reset();
        site.held_names.clear();
    } else {
        site.held = std::make_shared<const HeldPushes>(std::move(held));
    }
}

}  // namespace kigumi::scope
