#include "lab.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "schema.hpp"

namespace kigumi::scope {
namespace {

/// Every write bears a time that follows from its dot, and time stands still for who receives, so
/// that clocks never tell apart what is equal otherwise.
constexpr std::uint64_t kFirstWriteMs = 2'000;

void append(std::string& out, const kv::MemoryEnv::Tables& tables) {
    for (const auto& table : tables) {
        scope::append(out, table.size());
        for (const auto& [key, value] : table) {
            scope::append(out, std::string_view(key));
            scope::append(out, std::string_view(value));
        }
    }
}

}  // namespace

std::size_t Lab::HashQuestion::operator()(const Question& question) const {
    std::uint64_t hash = 0;
    for (const Id part : question.parts) {
        hash = (hash ^ part) * 0x9E3779B97F4A7C15;
        hash ^= hash >> 29;
    }
    return hash;
}

ReplicaId Lab::id_of(unsigned replica) {
    ReplicaId::Bytes bytes{};
    bytes.fill(static_cast<std::uint8_t>(0x10 * (replica + 1)));
    return ReplicaId(bytes);
}

std::string Lab::events_between(const VersionVector& from, const VersionVector& to) const {
    std::string text;
    for (unsigned i = 0; i < scope_.replicas; ++i) {
        const std::uint64_t first = from[id_of(i)] + 1;
        const std::uint64_t last = to[id_of(i)];
        if (first > last) continue;
        if (!text.empty()) text += " and ";
        text += static_cast<char>('A' + i) + std::to_string(first);
        if (first != last) text += "-" + std::to_string(last);
    }
    return text;
}

Lab::Lab(const Scope& scope) : scope_(scope) {
    // One row in a batch and one batch at a time, so that a pull has as many parts as it can have;
    // the first waits in memory, two go to the disk.
    options_.pull_credit_bytes = 1;
    options_.batch_bytes = 1;
    options_.staged_max_bytes = 120;
    options_.random = [] { return std::uint64_t{1}; };
    for (unsigned i = 0; i < scope_.replicas; ++i) {
        Bench& bench = benches_[i];
        bench.env = std::make_shared<kv::MemoryEnv>();
        StoreOptions options;
        options.wall_ms = [this] { return wall_ms_; };
        auto identity = bench.env->begin_write().value();
        schema::put_identity(*identity, id_of(i), {}, nullptr).value();
        identity->commit().value();
        identity.reset();
        bench.store = Store::over(bench.env, std::move(options)).value();
        // All replicas have heard of all, in the same order, and have a clock that runs: so that
        // equal histories leave equal bytes.
        wall_ms_ = kFirstWriteMs - 1;
        auto tx = bench.store->write("a bucket before").value();
        VersionVector everybody;
        for (unsigned j = 0; j < scope_.replicas; ++j) everybody.raise(id_of(j), 1);
        tx.advance(everybody, {});
        tx.now();
        tx.commit().value();
        wall_ms_ = 0;
        Site site;
        site.replica = i;
        empty_[i] = settle(site, {});
    }
}

Store& Lab::put(const Site& site) {
    Bench& bench = benches_[site.replica];
    if (site.tables) bench.env->restore(site.tables);
    return *bench.store;
}

std::uint32_t Lab::add_event(Event event) {
    Row row;
    row.insert({event.event.dot, event.event.time, event.event.payload});
    std::string bytes;
    append(bytes, encode_batch({{event.at, row}}));
    append(bytes, event.event.saw);
    append(bytes, std::uint64_t{event.last});
    return events_.add(std::move(bytes), std::move(event));
}

Past Lab::past_at(const VersionVector& version, const std::vector<const Past*>& sources) const {
    std::map<Dot, std::uint32_t> known;
    for (const Past* source : sources) {
        for (const std::uint32_t event : *source) {
            const Dot& dot = events_[event].event.dot;
            if (!version.covers(dot)) continue;
            if (known.emplace(dot, event).first->second != event)
                throw Violation("dot " + dot.text() + " names two writes");
        }
    }
    Past past;
    for (const auto& [dot, event] : known) past.push_back(event);
    return past;
}

Lab::Id Lab::settle(Site site, std::vector<const Past*> sources) {
    const VersionVector before = site.version;
    const Past past = site.past;
    sources.push_back(&past);
    apply_held(site, sources);
    Bench& bench = benches_[site.replica];
    site.version = bench.store->read().value().version();
    if (!site.tables || *site.tables != *bench.env->state()) site.tables = bench.env->state();
    if (!site.version.covers(before)) throw Violation("the version goes back");
    site.past = past_at(site.version, sources);
    site.acknowledgements.settle(site.version, kFirstWriteMs);
    return add(std::move(site));
}

Lab::Id Lab::add(Site site) {
    std::string bytes;
    append(bytes, std::uint64_t{site.replica});
    append(bytes, *site.tables);
    append(bytes, site.held_names);
    append(bytes, site.past);
    for (const auto& [replica, heard] : site.acknowledgements.all()) {
        append(bytes, replica.bytes());
        append(bytes, heard.newest);
        append(bytes, heard.waiting.value_or(VersionVector()));
        append(bytes, heard.settled.value_or(VersionVector()));
    }
    if (const Id known = sites_.find(bytes)) return known;
    check(site);
    return sites_.add(std::move(bytes), std::move(site));
}

Lab::Id Lab::operate(Id from, unsigned operation) {
    return once(kOperate, from, operation, 0,
                [&]() -> Outcome {
                    const Site& site = sites_[from];
                    const std::uint64_t counter = site.version[id_of(site.replica)] + 1;
                    Past made;
                    {
                        sim::Recorder recorder(put(site).write().value());
                        wall_ms_ = kFirstWriteMs + counter;
                        const auto value = static_cast<std::int64_t>(counter * 10 + site.replica);
                        scope_.kind->operations[operation].write(recorder, value).value();
                        wall_ms_ = 0;
                        if (recorder.events.empty()) return {};
                        recorder.commit().value();
                        for (auto& [at, event] : recorder.events)
                            made.push_back(add_event({at, std::move(event), false}));
                    }
                    Event last = events_[made.back()];
                    last.last = true;
                    made.back() = add_event(std::move(last));
                    return {settle(site, {&made})};
                })
        .first;
}

Lab::Id Lab::crash(Id from) {
    if (!sites_[from].held) return from;
    Site site = sites_[from];
    site.held.reset();
    site.held_names.clear();
    put(site);
    return add(std::move(site));
}

}  // namespace kigumi::scope
