#include "news.hpp"

#include <algorithm>
#include <tuple>

namespace kigumi::membership {

void News::add(Claim claim) {
    const ReplicaId about = claim.contact.replica;
    items_[about] = {std::move(claim), 0, ++added_};
}

std::vector<Claim> News::take(std::size_t count, std::size_t limit) {
    std::vector<std::map<ReplicaId, Item>::iterator> order;
    for (auto it = items_.begin(); it != items_.end(); ++it) order.push_back(it);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
    std::partial_sort(order.begin(), end, order.end(), [](const auto& a, const auto& b) {
        return std::tuple(a->second.told, b->second.added) <
               std::tuple(b->second.told, a->second.added);
    });
    std::vector<Claim> taken;
    for (auto it = order.begin(); it != end; ++it) {
        taken.push_back((*it)->second.claim);
        if (++(*it)->second.told >= limit) items_.erase(*it);
    }
    return taken;
}

}  // namespace kigumi::membership
