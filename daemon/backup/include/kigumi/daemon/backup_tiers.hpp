#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/backup.hpp"
#include "kigumi/replication/replicator.hpp"

namespace kigumi::backup {

/// One place that is backed up to on schedule.
struct Tier {
    std::filesystem::path target;
    std::uint64_t every_ms = 3'600'000;
    std::uint64_t full_every_ms = 0;  ///< 0: full ones only when they have to be
    Retention retention;
    bool operator==(const Tier&) const = default;
};

/// A tier as `kigumid --backup` takes it:
/// `DIR[,every=15m][,keep=N][,keep-days=D][,full-every=7d]`. A directory with a comma in its name
/// cannot be given.
KIGUMI_API Result<Tier> parse_tier(std::string_view text);
/// Sets one part of a tier: `target`, `every`, `keep`, `keep-days` or `full-every`.
KIGUMI_API Result<void> set_part(Tier& tier, std::string_view name, std::string_view value);

/// Backs a store up to several places on schedule, each on a thread of its own, so that one that
/// fails or hangs (a dead network disk) does not hold up the others or the node. A failed backup is
/// tried again, see `Schedule`; what happens is logged, and noted in the store (`BackupRecord`).
/// Removals that a tier lacks are held for two intervals. The store must outlive it. Thread-safe.
class KIGUMI_API Tiers {
  public:
    /// `log` is called on the tiers' threads, one at a time. Two tiers with one target are an
    /// error.
    static Result<std::unique_ptr<Tiers>> start(Store& store, std::vector<Tier> tiers,
                                                std::function<void(const Effects::Note&)> log = {});
    /// Stops, and waits however long a disk that hangs takes.
    ~Tiers();

    /// Begins no more backups, and breaks off those that are under way. Returns whether they ended
    /// within the limit; only a disk that hangs holds one up. The process may end even then: a
    /// target is valid at any moment.
    bool stop(std::uint64_t limit_ms);

  private:
    class Runner;
    Tiers();
    std::unique_ptr<Runner> runner_;
};

}  // namespace kigumi::backup
