#include "history.hpp"

#include <algorithm>

namespace kigumi::sim {
namespace {

bool replaces(const History::Event& later, const History::Event& earlier) {
    if (later.dot == earlier.dot || !later.saw.covers(earlier.dot)) return false;
    const bool tally = std::holds_alternative<Tally>(later.payload);
    const bool reset = std::holds_alternative<Reset>(later.payload);
    // A contribution replaces its origin's own, a reset replaces resets, an assign everything.
    if (tally)
        return std::holds_alternative<Tally>(earlier.payload) &&
               later.dot.origin == earlier.dot.origin;
    if (reset) return std::holds_alternative<Reset>(earlier.payload);
    return true;
}

bool shrinks(const std::vector<History::Event>& earlier, const History::Event& event) {
    const auto* tally = std::get_if<Tally>(&event.payload);
    return tally != nullptr &&
           std::any_of(earlier.begin(), earlier.end(), [&](const History::Event& other) {
               const auto* last = std::get_if<Tally>(&other.payload);
               return last != nullptr && other.dot.origin == event.dot.origin &&
                      (last->added > tally->added || last->subtracted > tally->subtracted);
           });
}

}  // namespace

std::string History::add(const std::string& bucket, const RowKey& at, Event event) {
    Bucket& known = buckets_[bucket];
    if (!known.used.insert(event.dot).second)
        return "dot " + event.dot.text() + " names two writes";
    if (shrinks(known.rows[at], event))
        return "contribution " + event.dot.text() + " is smaller than the last";
    known.everything.raise(event.dot.origin, event.dot.counter);
    if (std::holds_alternative<Removed>(event.payload)) known.removals.insert(event.dot);
    known.rows[at].push_back(std::move(event));
    ++dots_;
    return {};
}

void History::add_boundary(const std::string& bucket, const Dot& last) {
    buckets_[bucket].boundaries.insert(last);
}

bool History::whole(const std::string& bucket, const VersionVector& version) const {
    const auto known = buckets_.find(bucket);
    return std::all_of(version.begin(), version.end(), [&](const auto& entry) {
        return known != buckets_.end() &&
               known->second.boundaries.contains({entry.first, entry.second});
    });
}

bool History::removal(const std::string& bucket, const Dot& dot) const {
    const auto known = buckets_.find(bucket);
    return known != buckets_.end() && known->second.removals.contains(dot);
}

bool History::visible(const std::string& bucket, const RowKey& at, const Dot& dot,
                      const VersionVector& version) const {
    const std::vector<Event>& events = buckets_.at(bucket).rows.at(at);
    const auto event = std::find_if(events.begin(), events.end(),
                                    [&dot](const Event& other) { return other.dot == dot; });
    return version.covers(dot) &&
           std::none_of(events.begin(), events.end(), [&](const Event& other) {
               return version.covers(other.dot) && replaces(other, *event);
           });
}

std::map<RowKey, Row> History::rows_at(const std::string& bucket,
                                       const VersionVector& version) const {
    std::map<RowKey, Row> rows;
    const auto known = buckets_.find(bucket);
    if (known == buckets_.end()) return rows;
    for (const auto& [at, events] : known->second.rows) {
        Row row;
        for (const Event& event : events) {
            if (!version.covers(event.dot)) continue;
            const bool gone = std::any_of(events.begin(), events.end(), [&](const Event& other) {
                return version.covers(other.dot) && replaces(other, event);
            });
            if (!gone) row.insert({event.dot, event.time, event.payload});
        }
        if (!row.empty()) rows.emplace(at, std::move(row));
    }
    return rows;
}

VersionVector History::everything(const std::string& bucket) const {
    const auto known = buckets_.find(bucket);
    return known == buckets_.end() ? VersionVector() : known->second.everything;
}

}  // namespace kigumi::sim
