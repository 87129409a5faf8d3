#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "kigumi/daemon/backup_tiers.hpp"
#include "kigumi/daemon/node.hpp"

namespace {

using Level = kigumi::Effects::Note::Level;

/// One line per event on stderr: time, level, event, key=value pairs.
void log(const kigumi::Effects::Note& note) {
    const auto level = note.level == Level::kDebug  ? spdlog::level::debug
                       : note.level == Level::kInfo ? spdlog::level::info
                                                    : spdlog::level::warn;
    spdlog::log(level, "event={} {}", note.event, note.detail);
}

void set_up_log(const std::string& level) {
    auto logger = spdlog::stderr_logger_mt("kigumid");
    logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

/// SIGTERM and SIGINT, held back from every thread and taken by wait().
class StopSignals {
  public:
    StopSignals() {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGTERM);
        sigaddset(&signals_, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    }
    void wait() const {
        int signal = 0;
        sigwait(&signals_, &signal);
    }

  private:
    sigset_t signals_{};
};

/// How long backups that are under way may hold up the end.
constexpr std::uint64_t kBackupEndMs = 5'000;

kigumi::Result<std::vector<kigumi::backup::Tier>> parse_tiers(
    const std::vector<std::string>& texts) {
    std::vector<kigumi::backup::Tier> tiers;
    for (const std::string& text : texts) {
        auto tier = kigumi::backup::parse_tier(text);
        if (!tier)
            return kigumi::fail(tier.error().code,
                                "--backup " + text + ": " + tier.error().message);
        tiers.push_back(std::move(*tier));
    }
    return tiers;
}

int fail(const kigumi::Error& error) {
    std::cerr << "kigumid: " << error.message << '\n';
    return 2;
}

int run(int argc, char** argv) {
    std::string data;
    std::string level = "info";
    kigumi::NodeOptions options;
    CLI::App app("kigumid: keeps this node's store in step with other masters");
    app.add_option("--data", data, "data directory (created if needed)")->required();
    app.add_option("--listen", options.listen, "address to listen on, HOST:PORT")->required();
    app.add_option("--peer", options.peers, "address of another node; may be repeated")
        ->allow_extra_args(false);
    app.add_flag("--insecure", options.insecure, "plain text without keys, on loopback only");
    std::vector<std::string> backups;
    app.add_option("--backup", backups,
                   "back up to a directory on schedule: "
                   "DIR[,every=1h][,keep=N][,keep-days=D][,full-every=7d]; may be repeated")
        ->allow_extra_args(false);
    auto& tuning = options.replication;
    const auto tune = [&app](const char* name, std::uint64_t& ms, const char* what) {
        app.add_option(name, ms, what)->check(CLI::Range(0, 3'600'000))->capture_default_str();
    };
    tune("--push-ms", tuning.push_ms, "gather writes for so long before pushing them");
    tune("--ack-ms", tuning.ack_ms, "gather pushes for so long before confirming them");
    tune("--round-ms", tuning.round_ms, "compare versions with neighbours so often");
    tune("--collect-ms", tuning.collect_ms, "look for removed rows to collect so often");
    app.add_option("--request-ms", tuning.request_ms, "remember executed requests for so long")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{30} * 86'400'000))
        ->capture_default_str();
    app.add_option("--audit-ms", tuning.audit_ms,
                   "compare all rows with each peer so often; 0: never")
        ->check(CLI::Range(0, 604'800'000))
        ->capture_default_str();
    app.add_option("--log-level", level, "debug, info or warn")
        ->check(CLI::IsMember({"debug", "info", "warn"}))
        ->capture_default_str();
    app.set_version_flag("--version", "kigumid " KIGUMI_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::CallForVersion& version) {
        return app.exit(version);
    } catch (const CLI::ParseError& error) {
        return fail({kigumi::ErrorCode::kInvalidArgument,
                     std::string(error.what()) + "; see kigumid --help"});
    }
    const auto tiers = parse_tiers(backups);
    if (!tiers) return fail(tiers.error());
    set_up_log(level);
    options.log = log;

    const StopSignals stop;
    const auto store = kigumi::Store::open(data);
    if (!store) return fail(store.error());
    if (const auto& renewed = (*store)->renewed())
        log({Level::kWarning, "identity.renewed",
             "old=" + renewed->old.hex() + " reason=\"" + renewed->reason + '"'});
    const auto replica = (*store)->replica();
    if (!replica) return fail(replica.error());
    {
        auto node = kigumi::Node::start(**store, options);
        if (!node) return fail(node.error());
        const auto backup = kigumi::backup::Tiers::start(**store, *tiers, log);
        if (!backup) return fail(backup.error());
        log({Level::kInfo, "node.started",
             "replica=" + replica->hex() + " listen=" + (*node)->address()});
        stop.wait();
        static_cast<void>((*backup)->stop(0));
        node->reset();
        const bool ended = (*backup)->stop(kBackupEndMs);
        log({Level::kInfo, "node.stopped", "replica=" + replica->hex()});
        // A disk that hangs must not keep the process; the target is valid at any moment.
        if (!ended) {
            log({Level::kWarning, "backup.abandoned", "the target does not answer"});
            std::_Exit(0);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return fail({kigumi::ErrorCode::kIo, error.what()});
    }
}
