#pragma once

#include <optional>

#include "history.hpp"
#include "kigumi/crdt/objects.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi::sim {

/// A write transaction that remembers each write it makes, for the history. The views under test
/// are the product's own, over this space.
class Recorder : public Objects<Recorder> {
  public:
    explicit Recorder(WriteTransaction tx) : tx_(std::move(tx)) {}

    Result<Row> get(const RowKey& at) { return tx_.get(at); }
    Result<void> scan(const RowKey& from, const RowVisitor& visit) { return tx_.scan(from, visit); }
    ReplicaId self() const { return tx_.self(); }
    Hlc now() { return tx_.now(); }
    Dot next_dot() {
        saw_ = tx_.version();
        dot_ = tx_.next_dot();
        return dot_;
    }
    Result<void> put(const RowKey& at, const Row& before, Row after) {
        const Write* write = after.find(dot_);
        if (write != nullptr)
            events.emplace_back(at, History::Event{dot_, write->time, write->payload, saw_});
        return tx_.put(at, before, std::move(after));
    }
    Result<void> commit() { return tx_.commit(); }

    std::vector<std::pair<RowKey, History::Event>> events;

  private:
    WriteTransaction tx_;
    VersionVector saw_;
    Dot dot_;
};
static_assert(RowSpace<Recorder>);

}  // namespace kigumi::sim
