#pragma once

#include <concepts>
#include <functional>

#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"

namespace kigumi {

/// Called for each row of a scan; returns false to stop. It must not write to the scanned space.
using RowVisitor = std::function<bool(const RowKey&, const Row&)>;

/// Where rows can be read: one bucket at one moment.
///
/// `get` gives an empty row where there is none. `scan` visits rows in the space's order from the
/// first that is not before `from`; rows of one object, and rows under one path, are neighbours.
template <class S>
concept RowSource = requires(S& space, const RowKey& at, const RowVisitor& visit) {
    { space.get(at) } -> std::same_as<Result<Row>>;
    { space.scan(at, visit) } -> std::same_as<Result<void>>;
};

/// Where rows can be written by one replica: typed views put their writes here.
///
/// `next_dot` names a new write of the replica, `now` stamps it; `put` replaces the row `before`
/// (which must be what `get` gives) by `after`.
template <class S>
concept RowSpace = RowSource<S> &&
    requires(S& space, const RowKey& at, const Row& before, Row after) {
    { space.self() } -> std::convertible_to<ReplicaId>;
    { space.next_dot() } -> std::same_as<Dot>;
    { space.now() } -> std::same_as<Hlc>;
    { space.put(at, before, std::move(after)) } -> std::same_as<Result<void>>;
};

/// Visits every row under `prefix` (same object, path beginning with the prefix's).
template <RowSource S>
Result<void> scan_under(S& space, const RowKey& prefix, const RowVisitor& visit) {
    return space.scan(prefix, [&](const RowKey& at, const Row& row) {
        return at.under(prefix) && visit(at, row);
    });
}

}  // namespace kigumi
