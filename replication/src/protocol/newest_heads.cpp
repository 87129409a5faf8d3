#include "newest_heads.hpp"

#include "../ascending.hpp"

namespace kigumi {

Result<std::vector<Head>> newest_heads(ReadTransaction& snapshot, const VersionVector& base,
                                       const VersionVector& version, std::size_t limit) {
    std::vector<Head> heads;
    Ascending from(base);
    for (const auto& [origin, counter] : version) {
        const std::uint64_t before = from[origin];
        if (counter <= before) continue;
        if (heads.size() == limit) break;
        KIGUMI_TRY(auto head, snapshot.head(origin));
        // An older one than what the receiver has tells it nothing.
        if (head && head->counter > before && head->counter <= counter)
            heads.push_back(std::move(*head));
    }
    return heads;
}

}  // namespace kigumi
