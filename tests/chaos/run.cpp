#include "chaos/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "kigumi/daemon/keys.hpp"
#include "support/present_rows.hpp"

namespace kigumi::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kNodes = 5;
constexpr std::uint64_t kMaxDaemonBytes = std::uint64_t{256} << 20;
constexpr seconds kPeace(60);

/// Where each node listens. Without namespaces that is the loopback device, which has many
/// addresses and ports.
std::string address(unsigned host, bool namespaces) {
    if (namespaces) return Network::address(host) + ":7000";
    return "127.0.0." + std::to_string(host + 1) + ":" + std::to_string(20'000 + getpid() % 10'000);
}

}  // namespace

Run::Run(const std::filesystem::path& directory, std::uint64_t seed, bool namespaces)
    : random_(seed), network_(namespaces ? std::make_unique<Network>(kNodes) : nullptr) {
    std::vector<std::string> keys;
    std::vector<std::filesystem::path> key_files;
    for (unsigned host = 0; host < kNodes; ++host) {
        const KeyPair pair = KeyPair::generate().value();
        key_files.push_back(directory / ("key" + std::to_string(host)));
        pair.save(key_files.back()).value();
        keys.push_back(pair.public_key().text());
    }
    for (unsigned host = 0; host < kNodes; ++host) {
        const auto data = directory / std::to_string(host);
        std::vector<std::string> command;
        if (network_) command = network_->on(host);
        command.insert(command.end(),
                       {KIGUMID, "--data", data.string(), "--key", key_files[host].string(),
                        "--listen", address(host, namespaces), "--log-level", "debug"});
        for (unsigned other = 0; other < kNodes; ++other) {
            if (other == host) continue;
            command.insert(command.end(), {"--allow", keys[other]});
            if (other < host)
                command.insert(command.end(),
                               {"--peer", keys[other] + "@" + address(other, namespaces)});
        }
        nodes_.emplace_back("node" + std::to_string(host), data, std::move(command));
    }
    for (Node& node : nodes_) node.start_daemon();
}

void Run::go(seconds how_long) {
    for (Node& node : nodes_) node.start_client();
    const auto end = Clock::now() + how_long;
    while (Clock::now() < end) {
        do_something();
        sleep_for_ms(static_cast<int>(random_.between(100, 500)));
        heal_what_is_due();
        check_memory();
    }
    make_peace();
    expect_nothing_lost();
}

void Run::do_something() {
    const auto at = static_cast<unsigned>(random_.below(nodes_.size()));
    if (down_until_.contains(at) || frozen_until_.contains(at)) return;
    switch (random_.below(4)) {
        case 0:
            return kill(at);
        case 1:
            return freeze(at);
        case 2:
            return restart(at);
        default:
            return cut_off();
    }
}

void Run::kill(unsigned at) {
    ++tally_["killed"];
    nodes_[at].stop_daemon(SIGKILL);
    down_until_[at] = Clock::now() + milliseconds(random_.between(0, 4'000));
}

void Run::freeze(unsigned at) {
    ++tally_["stopped for a while"];
    nodes_[at].daemon()->signal(SIGSTOP);
    frozen_until_[at] = Clock::now() + milliseconds(random_.between(200, 8'000));
}

void Run::restart(unsigned at) {
    ++tally_["restarted"];
    nodes_[at].stop_daemon(SIGTERM);
    nodes_[at].start_daemon();
}

void Run::cut_off() {
    if (!network_ || Clock::now() < cut_until_) return;
    ++tally_["cut off"];
    std::set<unsigned> island;
    const std::uint64_t size = random_.between(1, 2);
    while (island.size() < size) island.insert(static_cast<unsigned>(random_.below(kNodes)));
    network_->cut_off(island);
    cut_until_ = Clock::now() + milliseconds(random_.between(500, 8'000));
}

void Run::heal_what_is_due() {
    const auto now = Clock::now();
    for (unsigned at = 0; at < nodes_.size(); ++at) {
        if (const auto down = down_until_.find(at);
            down != down_until_.end() && down->second < now) {
            nodes_[at].start_daemon();
            down_until_.erase(down);
        }
        const auto frozen = frozen_until_.find(at);
        if (frozen != frozen_until_.end() && frozen->second < now) {
            nodes_[at].daemon()->signal(SIGCONT);
            frozen_until_.erase(frozen);
        }
    }
    if (network_ && cut_until_ != Clock::time_point() && cut_until_ < now) {
        network_->heal();
        cut_until_ = {};
    }
}

void Run::check_memory() {
    for (const Node& node : nodes_) {
        const std::uint64_t bytes = node.daemon_bytes();
        auto& most = tally_["most memory of a daemon, MiB"];
        most = std::max(most, bytes >> 20);
        if (bytes > kMaxDaemonBytes)
            throw std::runtime_error("the kigumid of " + node.name() + " takes " +
                                     std::to_string(bytes >> 20) + " MiB");
    }
}

void Run::make_peace() {
    for (auto& [at, until] : frozen_until_) nodes_[at].daemon()->signal(SIGCONT);
    if (network_) network_->heal();
    for (Node& node : nodes_) node.start_daemon();
}

void Run::expect_converged() {
    const bool equal = eventually(kPeace, [this] {
        const VersionVector version = nodes_[0].store().read()->version();
        return std::all_of(nodes_.begin(), nodes_.end(), [&version](Node& node) {
            return node.store().read()->version() == version;
        });
    });
    if (!equal) {
        std::string what = "no convergence in peace";
        for (Node& node : nodes_) what += "\n\n" + node.name() + ":\n" + node.daemon_log();
        throw std::runtime_error(what);
    }
    const auto rows = present_rows(nodes_[0].store());
    for (Node& node : nodes_)
        if (present_rows(node.store()) != rows)
            throw std::runtime_error("equal versions, other rows: " + node.name());
}

void Run::expect_nothing_lost() {
    std::map<std::string, Acknowledged> acknowledged;
    std::int64_t increments = 0;
    for (Node& node : nodes_) {
        const Acknowledged& one = acknowledged[node.name()] = node.stop_client();
        increments += one.increments;
        tally_["transactions"] += static_cast<std::uint64_t>(one.increments);
    }
    expect_converged();
    // All are equal: what one shows, all show.
    auto shown = nodes_[0].store().read().value();
    if (const std::int64_t count = shown.counter(kCount).value().value(); count != increments)
        throw std::runtime_error("counted " + std::to_string(count) + " of " +
                                 std::to_string(increments));
    const auto set = shown.set(kLog);
    for (const auto& [name, log] : acknowledged) {
        for (const std::int64_t n : log.present)
            if (!set.contains(member(name, n)).value())
                throw std::runtime_error("lost: " + name + ":" + std::to_string(n));
        for (const std::int64_t n : log.removed)
            if (set.contains(member(name, n)).value())
                throw std::runtime_error("back again: " + name + ":" + std::to_string(n));
    }
}

}  // namespace kigumi::chaos
