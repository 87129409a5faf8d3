#include "lab.hpp"

/// The promises that hold for one replica at every moment, by the simulator's oracle.
namespace kigumi::scope {
namespace {

/// Rows that hold nothing but removals may be collected at different times.
std::map<RowKey, Row> visible(std::map<RowKey, Row> rows) {
    std::erase_if(rows, [](const auto& entry) { return entry.second.removed(); });
    return rows;
}

/// The lab's ids are one byte, over and over: 10 for A, 20 for B.
char letter_of(const ReplicaId& replica) {
    return static_cast<char>('A' + static_cast<unsigned char>(replica.bytes()[0]) / 0x10 - 1);
}

std::string describe(const std::map<RowKey, Row>& rows) {
    std::string out;
    for (const auto& [at, row] : rows) {
        out += "\n    " + at.key + " " + std::string(name_of(at.type)) + " " + path_json(at) + ":";
        for (const Write& write : row)
            out += std::string(" ") + letter_of(write.dot.origin) +
                   std::to_string(write.dot.counter) + (write.removed() ? " (removed)" : "");
    }
    return out.empty() ? " nothing" : out;
}

}  // namespace

void Lab::check(const Site& site) {
    sim::History history;
    const std::string bucket(kDefaultBucket);
    for (const std::uint32_t number : site.past) {
        const Event& event = events_[number];
        if (const std::string wrong = history.add(bucket, event.at, event.event); !wrong.empty())
            throw Violation(wrong);
        if (event.last) history.add_boundary(bucket, event.event.dot);
    }
    if (history.everything(bucket) != site.version ||
        events_missing({}, site.version) != site.past.size())
        throw Violation("the version covers events that nobody has told");
    if (!history.whole(bucket, site.version)) throw Violation("a transaction is torn");

    auto snapshot = benches_[site.replica].store->read().value();
    if (const auto log = snapshot.check_log(); !log) throw Violation(log.error().message);
    std::map<RowKey, Row> rows;
    snapshot
        .scan({}, [&](const RowKey& at, const Row& row) { return rows.emplace(at, row).second; })
        .value();
    const auto expected = visible(history.rows_at(bucket, site.version));
    const auto actual = visible(std::move(rows));
    if (expected != actual)
        throw Violation("not the exact cut\n  expected" + describe(expected) + "\n  got" +
                        describe(actual));
}

}  // namespace kigumi::scope
