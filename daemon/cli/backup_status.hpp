#pragma once

#include <string>

#include "kigumi/replication/backup_record.hpp"

namespace kigumi::cli {

/// How the backups to one target stand, as a line and as a JSON object. `now_ms`: since 1970.
std::string backup_text(const BackupRecord& record, std::uint64_t now_ms);
std::string backup_json(const BackupRecord& record, std::uint64_t now_ms);

}  // namespace kigumi::cli
