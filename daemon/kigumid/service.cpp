#include "service.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "descriptor_limit.hpp"
#include "kigumi/daemon/options.hpp"
#include "log.hpp"

namespace kigumi {
namespace {

using Level = Effects::Note::Level;

/// How long backups that are under way may hold up the end.
constexpr std::uint64_t kBackupEndMs = 5'000;
constexpr std::chrono::milliseconds kDrainLook(10);

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
    raise_descriptor_limit();
    KIGUMI_TRY(store_, Store::open(config_.data));
    if (const auto& renewed = store_->renewed())
        log({Level::kWarning, "identity.renewed",
             "old=" + renewed->old.hex() + " reason=\"" + renewed->reason + '"'});
    for (const std::string& bucket : config_.signed_buckets)
        KIGUMI_CHECK(store_->sign_bucket(bucket));
    KIGUMI_TRY(const ReplicaId replica, store_->replica());
    replica_ = replica.hex();
    config_.node.log = log;
    KIGUMI_TRY(node_, Node::start(*store_, config_.node));
    watchdog_ = std::make_unique<Watchdog>([node = node_.get()] { return node->idle_ms(); },
                                           config_.watchdog_ms);
    KIGUMI_CHECK(serve_http());
    KIGUMI_TRY(backups_, backup::Tiers::start(*store_, config_.backups, log));
    log({Level::kInfo, "node.started", "replica=" + replica_ + " listen=" + node_->address()});
    return {};
}

Result<void> Service::serve_http() {
    if (config_.http_listen.empty()) return {};
    rows_ = std::make_unique<RowCounter>(*store_, config_.census_ms);
    observer_ = std::make_unique<Observer>(*store_, *node_, *watchdog_, *rows_,
                                           !config_.node.peers.empty());
    http::ServerOptions options;
    options.listen = config_.http_listen;
    options.threads = config_.http_threads;
    options.timeout_ms = config_.http_timeout_ms;
    KIGUMI_TRY(http_, http::Server::start(options, observer_->pages(), observer_->health_pages()));
    log({Level::kInfo, "http.started", "http=" + http_->address()});
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
        // A run that hangs keeps its target busy until it ends; its successor tries again.
        static_cast<void>(backups_->stop(0));
        replaced_.push_back(std::exchange(backups_, std::move(tiers)));
    }
    replaced_.remove_if([](const auto& tiers) { return tiers->stop(0); });
    config_ = std::move(next);
    node_->retune(config_.node.replication);
    watchdog_->set_limit(config_.watchdog_ms);
    if (rows_) rows_->set_interval(config_.census_ms);
    set_up_log(config_.log_level, config_.log_format);
    log({Level::kInfo, "config.reloaded", "taken=" + list(changes.taken)});
    if (!changes.restart.empty())
        log({Level::kWarning, "config.restart_needed", "options=" + list(changes.restart)});
    return {};
}

void Service::drain() {
    if (observer_) observer_->set_draining();
    if (config_.drain_ms == 0) return;
    node_->drain();
    const auto begun = std::chrono::steady_clock::now();
    const auto limit = std::chrono::milliseconds(config_.drain_ms);
    bool done = false;
    while (!done && std::chrono::steady_clock::now() - begun < limit) {
        std::this_thread::sleep_for(kDrainLook);
        done = node_->drained();
    }
    if (!done)
        log({Level::kWarning, "drain.incomplete",
             "waited_ms=" + std::to_string(config_.drain_ms) +
                 " reason=\"some neighbour has not confirmed all that is durable here; it gets the "
                 "rest when this node is back\""});
}

bool Service::stop() {
    static_cast<void>(backups_->stop(0));
    drain();
    http_.reset();
    observer_.reset();
    rows_.reset();
    watchdog_.reset();
    node_.reset();
    bool ended = backups_->stop(kBackupEndMs);
    for (const auto& tiers : replaced_) ended = tiers->stop(kBackupEndMs) && ended;
    log({Level::kInfo, "node.stopped", "replica=" + replica_});
    if (!ended) log({Level::kWarning, "backup.abandoned", "the target does not answer"});
    return ended;
}

}  // namespace kigumi
