#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "kigumi/clocks/dot.hpp"

namespace kigumi {

/// How many requests of each origin may stay, counted in passes over all of them.
///
/// Each origin has a quota of its own, so that none takes the room of another. Within it the
/// numbers of the origin's writes tell which are older; timestamps are not looked at. Beyond
/// `kOrigins` origins, those that this node heard of last share one quota: a peer that may relay
/// can make up as many as it likes. Memory: 8 bytes for each request that stays, in at most
/// `kOrigins` quotas, and 40 in the shared one.
class RequestQuota {
  public:
    static constexpr std::size_t kOrigins = 64;

    /// An execution of a request.
    struct Execution {
        std::uint32_t origin = 0;  ///< its number: lower if this node heard of it earlier
        std::size_t note = 0;      ///< the number of this node's first note that covers it
        Dot dot;

        /// The order of age in the shared quota.
        bool operator<(const Execution& other) const;
    };

    /// Whether the last pass found that it is one too many of its quota.
    bool exceeded_by(const Execution& execution) const;
    /// Counts one that stays. `most` may stay of its quota.
    void count(const Execution& execution, std::size_t most);
    /// The pass is through: what it counted decides in the next one.
    void end_pass();

  private:
    /// The youngest of what was put in, and the oldest that there was no room for.
    template <class T>
    class Youngest {
      public:
        void put(T item, std::size_t most);
        /// Items up to this one are too many.
        const std::optional<T>& cutoff() const { return cutoff_; }

      private:
        std::vector<T> heap_;  ///< the oldest in front
        std::optional<T> cutoff_;
    };
    using Seats = std::map<std::uint32_t, Youngest<std::uint64_t>>;

    Seats seats_;                      ///< origins with a quota of their own, in this pass
    Youngest<Execution> shared_;       ///< all others
    std::set<std::uint32_t> seniors_;  ///< the `kOrigins` lowest numbers in this pass
    std::map<std::uint32_t, std::optional<std::uint64_t>> cutoffs_;  ///< of the last pass
    std::optional<Execution> shared_cutoff_;
};

}  // namespace kigumi
