#include "own_rows.hpp"

#include <algorithm>

namespace kigumi {

bool has_own_news(const PeerPolicy& peer, const VersionVector& ours, const Row& row) {
    return std::any_of(row.begin(), row.end(), [&](const Write& write) {
        return !ours.covers(write.dot) && peer.owns(write.dot.origin);
    });
}

void keep_rows_of(const PeerPolicy& peer, const VersionVector& ours, std::vector<KeyedRow>& rows) {
    std::erase_if(rows,
                  [&](const KeyedRow& keyed) { return !has_own_news(peer, ours, keyed.row); });
}

}  // namespace kigumi
