#pragma once

#include <map>
#include <set>
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

    /// Returns what is wrong with the event, if anything: a dot that names two writes, or a
    /// contribution to a counter that is smaller than its origin's last one.
    std::string add(const std::string& bucket, const RowKey& at, Event event);

    /// A transaction ended with this dot.
    void add_boundary(const std::string& bucket, const Dot& last);
    /// Whether a version cuts no transaction in two.
    bool whole(const std::string& bucket, const VersionVector& version) const;

    /// Whether a read at `version` has to find the write in its row: it is covered and nothing that
    /// is covered has replaced it.
    bool visible(const std::string& bucket, const RowKey& at, const Dot& dot,
                 const VersionVector& version) const;

    /// The rows of a bucket at `version`.
    std::map<RowKey, Row> rows_at(const std::string& bucket, const VersionVector& version) const;
    /// Whether the write of this dot is a removal.
    bool removal(const std::string& bucket, const Dot& dot) const;
    /// A vector that covers every event of the bucket.
    VersionVector everything(const std::string& bucket) const;
    std::size_t events() const { return dots_; }

  private:
    struct Bucket {
        std::map<RowKey, std::vector<Event>> rows;
        std::set<Dot> used;
        std::set<Dot> boundaries;
        std::set<Dot> removals;
        VersionVector everything;
    };
    std::map<std::string, Bucket> buckets_;
    std::size_t dots_ = 0;
};

}  // namespace kigumi::sim
