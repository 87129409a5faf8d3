#include "options.hpp"

namespace kigumi::config {

std::vector<Option> backup_options() {
    return {
        {"backup", "--backup", "", Reload::kLive,
         "Back up to directories on schedule. A tier has a target and may have every (1h), keep, "
         "keep_days and full_every; as a flag DIR[,every=1h][,keep=N][,keep-days=D]"
         "[,full-every=7d].",
         "Where backups may lie is not ours to guess.",
         "The node keeps removed rows until each target has them (docs/operations/backups.md).",
         Tiers{Place<&Config::backups>()}},
    };
}

}  // namespace kigumi::config
