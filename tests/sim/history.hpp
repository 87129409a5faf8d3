#pragma once

#include <map>
#include <string>
#include <vector>

#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

namespace kigumi::sim {

/// Everything that was ever written and acknowledged, and what follows from it by definition.
///
/// Independent of the product on purpose, and naive: the rows at a version vector are the events it
/// covers that no other covered event has replaced, found by comparing each with each.
class History {
  public:
    struct Event {
        Dot dot;
        Hlc time;
        Payload payload;
        VersionVector saw;  ///< the writer's version just before
    };

    /// Returns false if the dot was used before: no dot may name two writes.
    bool add(const std::string& bucket, const RowKey& at, Event event);

    /// The rows of a bucket at `version`.
    std::map<RowKey, Row> rows_at(const std::string& bucket, const VersionVector& version) const;
    /// A vector that covers every event of the bucket.
    VersionVector everything(const std::string& bucket) const;
    std::size_t events() const { return dots_; }

  private:
    struct Bucket {
        std::map<RowKey, std::vector<Event>> rows;
        std::map<Dot, bool> used;
        VersionVector everything;
    };
    std::map<std::string, Bucket> buckets_;
    std::size_t dots_ = 0;
};

}  // namespace kigumi::sim
