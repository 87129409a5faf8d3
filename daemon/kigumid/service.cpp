#include "service.hpp"

#include <algorithm>

#include "kigumi/daemon/options.hpp"
#include "log.hpp"

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

/// How long backups that are under way may hold up the end.
constexpr std::uint64_t kBackupEndMs = 5'000;

Result<void> check_required(const config::Config& config) {
    if (config.data.empty())
        return fail(ErrorCode::kInvalidArgument,
                    "name the data directory, with --data or as node.data in the file; see "
                    "kigumid --help");
    return {};
}

std::string list(const std::vector<std::string>& keys) {
    std::string text;
    for (const std::string& key : keys) text += (text.empty() ? "" : ",") + key;
    return text;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(config::Config config) {
    KIGUMI_CHECK(check_required(config));
    std::unique_ptr<Service> service(new Service(std::move(config)));
    KIGUMI_CHECK(service->open());
    return service;
}

Result<void> Service::open() {
    set_up_log(config_.log_level, config_.log_format);
    KIGUMI_TRY(store_, Store::open(config_.data));
    if (const auto& renewed = store_->renewed())
        log({Level::kWarning, "identity.renewed",
             "old=" + renewed->old.hex() + " reason=\"" + renewed->reason + '"'});
    KIGUMI_TRY(const ReplicaId replica, store_->replica());
    replica_ = replica.hex();
    config_.node.log = log;
    KIGUMI_TRY(node_, Node::start(*store_, config_.node));
    watchdog_ = std::make_unique<Watchdog>([node = node_.get()] { return node->idle_ms(); },
                                           config_.watchdog_ms);
    KIGUMI_TRY(backups_, backup::Tiers::start(*store_, config_.backups, log));
    log({Level::kInfo, "node.started", "replica=" + replica_ + " listen=" + node_->address()});
    return {};
}

Result<void> Service::reload(const config::Config& fresh) {
    config::Config next = config_;
    const auto changes = config::take_live(next, fresh);
    const auto took = [&changes](const std::string& key) {
        return std::find(changes.taken.begin(), changes.taken.end(), key) != changes.taken.end();
    };
    if (took("node.allow")) KIGUMI_CHECK(node_->set_allowed(next.node.allow));
    if (took("backup")) {
        KIGUMI_TRY(auto tiers, backup::Tiers::start(*store_, next.backups, log));
        // A run under way keeps its target busy until it is done; its successor tries again.
        static_cast<void>(backups_->stop(0));
        replaced_.push_back(std::exchange(backups_, std::move(tiers)));
    }
    replaced_.remove_if([](const auto& tiers) { return tiers->stop(0); });
    config_ = std::move(next);
    node_->retune(config_.node.replication);
    watchdog_->set_limit(config_.watchdog_ms);
    set_up_log(config_.log_level, config_.log_format);
    log({Level::kInfo, "config.reloaded", "taken=" + list(changes.taken)});
    if (!changes.restart.empty())
        log({Level::kWarning, "config.restart_needed", "options=" + list(changes.restart)});
    return {};
}

bool Service::stop() {
    static_cast<void>(backups_->stop(0));
    watchdog_.reset();
    node_.reset();
    bool ended = backups_->stop(kBackupEndMs);
    for (const auto& tiers : replaced_) ended = tiers->stop(kBackupEndMs) && ended;
    log({Level::kInfo, "node.stopped", "replica=" + replica_});
    if (!ended) log({Level::kWarning, "backup.abandoned", "the target does not answer"});
    return ended;
}

}  // namespace kigumi
