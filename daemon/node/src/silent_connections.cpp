#include "silent_connections.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kigumi {
namespace {

using Counts = std::map<std::string, std::size_t>;

/// A connection, and how many there are from where it comes.
struct Counted {
    const SilentConnection* connection;
    std::size_t* of_host;
    std::size_t* of_range;
    std::size_t* of_site;

    void remove() const {
        --*of_host;
        --*of_range;
        --*of_site;
    }
    bool comes_from_less_than(const Counted& other) const {
        return std::pair(*of_site, *of_range) < std::pair(*other.of_site, *other.of_range);
    }
};

}  // namespace

std::vector<int> surplus_of(std::vector<SilentConnection> silent, const ConnectionLimits& limits) {
    std::vector<int> surplus;
    if (silent.size() <= std::min(limits.silent, limits.silent_of_host)) return surplus;
    std::stable_sort(silent.begin(), silent.end(),
                     [](const auto& a, const auto& b) { return a.since_ms < b.since_ms; });
    Counts hosts;
    Counts ranges;
    Counts sites;
    std::vector<Counted> left;
    for (const SilentConnection& one : silent) {
        left.push_back(
            {&one, &hosts[one.from.host], &ranges[one.from.range], &sites[one.from.site]});
        ++*left.back().of_host;
        ++*left.back().of_range;
        ++*left.back().of_site;
    }
    std::erase_if(left, [&](const Counted& one) {
        if (*one.of_host <= limits.silent_of_host && *one.of_range <= limits.silent_of_range)
            return false;
        one.remove();
        surplus.push_back(one.connection->descriptor);
        return true;
    });
    while (left.size() > limits.silent) {
        // The first of equals, which is the oldest.
        const auto crowded = std::max_element(
            left.begin(), left.end(),
            [](const Counted& a, const Counted& b) { return a.comes_from_less_than(b); });
        crowded->remove();
        surplus.push_back(crowded->connection->descriptor);
        left.erase(crowded);
    }
    return surplus;
}

}  // namespace kigumi
