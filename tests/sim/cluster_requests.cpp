#include <algorithm>

#include "cluster.hpp"
#include "workload.hpp"

/// Requests: every one counts once wherever its execution has been seen, and is not forgotten
/// before its time.
namespace kigumi::sim {
namespace {

constexpr std::size_t kRetriable = 8;
/// A counter that only requests add to, 1 each.
constexpr const char* kExecutions = "executions";

}  // namespace

Cluster::Executed* Cluster::choose_request(const std::string& bucket, Random& random) {
    if (!random.chance(options_.requests)) return nullptr;
    std::vector<Executed*> recent;
    for (auto it = executed_.rbegin(); it != executed_.rend() && recent.size() < kRetriable; ++it)
        if (it->bucket == bucket) recent.push_back(&*it);
    if (!recent.empty() && random.chance(50)) return recent[random.below(recent.size())];
    const std::string id = "r" + std::to_string(++request_ids_);
    RowKey at{std::string(kRequestsKey), Type::kRequest, {}};
    path::append(at.path, Value(id));
    executed_.push_back({bucket, id, std::move(at), 0, {}});
    return &executed_.back();
}

bool Cluster::known(const Executed& request, const VersionVector& version) const {
    return std::any_of(request.times.begin(), request.times.end(), [&](const auto& time) {
        return history_.visible(request.bucket, request.at, time.first, version);
    });
}

void Cluster::write_all(Recorder& recorder, Executed* request, unsigned node, Random& random) {
    const std::uint64_t writes = random.chance(30) ? random.between(2, 6) : 1;
    const auto write = [&]() -> Result<Value> {
        for (std::uint64_t i = 0; i < writes; ++i)
            KIGUMI_CHECK(random_write(recorder, random, options_.keys));
        if (request != nullptr) KIGUMI_CHECK(recorder.counter(kExecutions).add(1));
        return Value(node);
    };
    if (request == nullptr) {
        if (const auto written = write(); !written)
            throw Violation("a write failed: " + written.error().message);
        return;
    }
    const auto execution = recorder.request(request->id).once(write);
    if (!execution) throw Violation("a request failed: " + execution.error().message);
    if (execution->repeated && request->times.size() == 1 &&
        !(execution->outcome == Value(request->node)))
        throw Violation("request " + request->id + " has another outcome when repeated");
}

void Cluster::adopt_removals(unsigned node) {
    const ReplicaId self = store(node).replica().value();
    for (const std::string& bucket : buckets_) {
        auto snapshot = store(node).read(bucket).value();
        const std::uint64_t recorded = history_.everything(bucket)[self];
        const std::uint64_t last = snapshot.version()[self];
        if (recorded == last) continue;
        VersionVector saw;
        for (const auto& [origin, counter] : snapshot.version())
            if (origin != self) saw.raise(origin, counter);
        saw.raise(self, recorded);
        snapshot
            .scan_log(self, recorded, last,
                      [&](std::uint64_t counter, const KeyedRow& keyed) {
                          const Dot dot{self, counter};
                          adopt_removal(node, bucket, keyed.at, dot, *keyed.row.find(dot), saw);
                          saw.raise(self, counter);
                          return true;
                      })
            .value();
        if (saw[self] != last) throw Violation("a replicator wrote what the log does not show");
        history_.add_boundary(bucket, {self, last});
    }
}

bool Cluster::crowded_out(const std::string& bucket, const Dot& execution,
                          const VersionVector& version) const {
    std::size_t later = 0;
    for (const Executed& request : executed_)
        for (const auto& time : request.times)
            if (request.bucket == bucket && time.first.origin == execution.origin &&
                time.first.counter > execution.counter && version.covers(time.first))
                ++later;
    return later >= options_.request_rows;
}

void Cluster::adopt_removal(unsigned node, const std::string& bucket, const RowKey& at, Dot dot,
                            const Write& write, VersionVector saw) {
    const auto request = std::find_if(
        executed_.begin(), executed_.end(),
        [&](const Executed& executed) { return executed.bucket == bucket && executed.at == at; });
    if (request == executed_.end() || !write.removed())
        throw Violation("a replicator wrote by itself: " + dot.text());
    bool own = false;
    bool crowded = true;
    std::uint64_t executed_ms = 0;
    for (const auto& [execution, at_ms] : request->times) {
        if (!history_.visible(bucket, at, execution, saw)) continue;
        crowded = crowded && crowded_out(bucket, execution, saw);
        own = own || execution.origin == dot.origin;
        executed_ms = std::max(executed_ms, at_ms);
    }
    if (!crowded && now_ms_ - executed_ms < (own ? 1 : 2) * options_.request_ms)
        throw Violation("node " + std::to_string(node) + " forgets request " + request->id + " " +
                        std::to_string(now_ms_ - executed_ms) + " ms after its execution");
    const std::string wrong =
        history_.add(bucket, at, {dot, write.time, write.payload, std::move(saw)});
    if (!wrong.empty()) throw Violation(wrong);
}

void Cluster::check_requests(const std::string& bucket, ReadTransaction& snapshot) {
    std::int64_t executions = 0;
    for (const Executed& request : executed_)
        for (const auto& time : request.times)
            if (request.bucket == bucket && snapshot.version().covers(time.first)) ++executions;
    const std::int64_t counted = snapshot.counter(kExecutions).value().value();
    if (counted != executions)
        throw Violation("bucket " + bucket + ": " + std::to_string(executions) +
                        " executions of requests count " + std::to_string(counted));
    const RequestCount count = count_requests(snapshot).value();
    counters_["requests executed twice"] += count.concurrent;
}

}  // namespace kigumi::sim
