#pragma once

#include <boost/container/small_vector.hpp>

#include "kigumi/clocks/dot.hpp"
#include "kigumi/clocks/export.hpp"
#include "kigumi/clocks/hlc.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/crdt/payload.hpp"
#include "kigumi/crdt/proof.hpp"

namespace kigumi {

/// One surviving write of a row.
struct Write {
    Dot dot;
    Hlc time;
    Payload payload;
    Proof proof{};

    bool removed() const { return std::holds_alternative<Removed>(payload); }
    const Value* value() const { return std::get_if<Value>(&payload); }
    bool operator==(const Write&) const = default;
};

/// The state of one element, field or register: its surviving writes, and nothing else.
///
/// A row stores no causal context: it is a function of its bucket's version vector (every event
/// that the vector covers and that no other covered event has replaced), so the context of every
/// row is that vector. Writes are kept sorted by dot. Metadata per row: one dot and one timestamp
/// for each surviving write.
class KIGUMI_API Row {
    using Writes = boost::container::small_vector<Write, 1>;

  public:
    using const_iterator = Writes::const_iterator;

    Row() = default;

    bool empty() const { return writes_.empty(); }
    std::size_t size() const { return writes_.size(); }
    const_iterator begin() const { return writes_.begin(); }
    const_iterator end() const { return writes_.end(); }

    const Write* find(const Dot& dot) const;
    /// Adds a write, or replaces the one with the same dot. O(n).
    void insert(Write write);
    /// Removes the write with this dot, if it is there.
    void erase(const Dot& dot);
    /// Whether no write says anything but "removed" (an empty row included).
    bool removed() const;

    bool operator==(const Row&) const = default;

  private:
    Writes writes_;
};

/// The one join: the row at `theirs_at ⊔ ours_at` from the row at each.
///
/// Keeps what both have, adds theirs that we have not seen, drops ours that they have seen and no
/// longer have. Commutative, associative and idempotent over states that histories can reach. O(n +
/// m). Source: optimised OR-set of Bieniusa et al. (2012); causal δ-CRDTs, Almeida, Shoker &
/// Baquero (2018).
KIGUMI_API Row join(const Row& ours, const VersionVector& ours_at, const Row& theirs,
                    const VersionVector& theirs_at);

/// The writes that either row has, for repairs: both should be the row at one and the same version
/// vector, and at least one of them has lost writes. A contribution that a later one of its origin
/// includes is left out, or it would count twice. Commutative, associative and idempotent. O((n +
/// m)²).
KIGUMI_API Row unite(const Row& ours, const Row& theirs);

}  // namespace kigumi
