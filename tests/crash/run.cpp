#include "crash/run.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>

#include "crash/violation.hpp"

namespace kigumi::crash {
namespace {

using std::chrono::seconds;

/// How many steps of the kind in question may pass before the one that goes wrong: some commits.
constexpr std::uint64_t kFaultSteps = 40;
constexpr unsigned kKillsBetweenMeetings = 10;

}  // namespace

Run::Run(const std::filesystem::path& directory, sim::Random& random, Tally& tally)
    : random_(random), tally_(tally), node_(directory / "a"), peer_(directory / "b") {
    std::filesystem::create_directories(directory);
    start_daemon(node_);
    start_daemon(peer_);
}

void Run::start_daemon(Node& node, const std::vector<std::string>& environment) {
    const std::vector<std::string> nobody;
    const bool listens = node.daemon().start(
        &node == &peer_ ? std::vector{node_.daemon().address()} : nobody, environment);
    // One that is to crash may be faster than its own first word.
    if (!listens && environment.empty())
        throw Violation("a daemon does not start: " + node.daemon().process().output());
}

void Run::start_what_is_missing() {
    for (Node* const node : {&node_, &peer_}) {
        if (node->daemon().process().running()) continue;
        start_daemon(*node);
    }
    while (node_.live_writers().size() < 2 + random_.below(2)) node_.start_writer();
}

void Run::kill(std::vector<Process*> processes, const std::string& kind) {
    for (std::size_t i = processes.size(); i > 1; --i)
        std::swap(processes[i - 1], processes[random_.below(i)]);
    for (Process* const process : processes)
        if (!process->running()) throw Violation("a process ended by itself");
    for (Process* const process : processes) process->signal(SIGKILL);
    for (Process* const process : processes) process->kill();
    ++kills_;
    count(kind);
}

void Run::kill_writer(Node& node, const std::string& kind) {
    std::vector<Writer*> live = node.live_writers();
    if (live.empty()) {
        live = {&node.start_writer()};
        sleep_for_ms(20);
    }
    kill({&live[random_.below(live.size())]->process()}, kind);
}

const Fault& Run::rarest(std::span<const Fault> faults, const std::string& whom) const {
    const auto times = [&](const Fault& fault) {
        const auto found = tally_.find(whom + fault.name());
        return found == tally_.end() ? 0 : found->second;
    };
    return *std::min_element(
        faults.begin(), faults.end(),
        [&times](const Fault& a, const Fault& b) { return times(a) < times(b); });
}

std::vector<std::string> Run::fault_environment(const Fault& fault) {
    return {"LD_PRELOAD=" CRASH_AT, std::string("KIGUMI_FAULT=") + fault.how,
            std::string("KIGUMI_FAULT_ON=") + fault.on, "KIGUMI_FAULT_SAY=1",
            "KIGUMI_FAULT_AT=" + std::to_string(1 + random_.below(kFaultSteps))};
}

void Run::fault_writer(const Fault& fault) {
    Writer& writer = node_.start_writer(fault_environment(fault));
    const bool goes_on =
        fault.how == std::string_view("fail") || fault.how == std::string_view("short");
    const bool happened = eventually(seconds(30), [&] {
        // Asked before it is listened to: its last word must not be missed.
        const bool running = writer.process().running();
        writer.listen();
        return !running || (goes_on && !writer.fault().empty());
    });
    if (!happened || writer.fault() != fault.on || goes_on != writer.process().running())
        throw Violation("writer " + writer.name() + " did not " + fault.name());
    count(kWriter + fault.name());
    if (!goes_on) {
        ++kills_;
        return;
    }
    sleep_for_ms(static_cast<int>(random_.below(20)));
    kill({&writer.process()}, "writer, after a failed step");
}

void Run::fault_daemon(const Fault& fault) {
    kill({&node_.daemon().process()}, "daemon");
    node_.check(peer_, false);
    // What the peer writes is what makes the daemon commit.
    if (peer_.live_writers().empty()) peer_.start_writer();
    start_daemon(node_, fault_environment(fault));
    Process& daemon = node_.daemon().process();
    if (!daemon.wait_for(seconds(30)) || daemon.wait_for_output("fault: ") != fault.on)
        throw Violation("the daemon did not " + fault.name() + ": " + daemon.output());
    ++kills_;
    count(kDaemon + fault.name());
}

void Run::kill_something() {
    sleep_for_ms(static_cast<int>(random_.below(25)));
    Node* killed = &node_;
    const std::uint64_t dice = random_.below(100);
    if (dice < 25) {
        kill_writer(node_, "writer");
    } else if (dice < 37) {
        kill({&node_.daemon().process()}, "daemon");
    } else if (dice < 49) {
        kill(node_.live(), "whole node");
    } else if (dice < 55) {
        kill({&peer_.daemon().process()}, "peer's daemon");
        killed = &peer_;
    } else if (dice < 60) {
        kill_writer(peer_, "peer's writer");
        killed = &peer_;
    } else if (dice < 66) {
        fault_daemon(rarest(kDaemonFaults, kDaemon));
    } else {
        fault_writer(rarest(kWriterFaults, kWriter));
    }
    killed->check(killed == &node_ ? peer_ : node_, false);
}

unsigned Run::stretch() {
    kills_ = 0;
    start_what_is_missing();
    if (random_.chance(50)) peer_.start_writer();
    while (kills_ < kKillsBetweenMeetings) {
        kill_something();
        start_what_is_missing();
    }
    meet();
    return kills_;
}

void Run::meet() {
    std::vector<Process*> writers;
    for (Node* const node : {&node_, &peer_})
        for (Writer* const writer : node->live_writers()) writers.push_back(&writer->process());
    kill(writers, "all writers");
    node_.check(peer_, false);
    peer_.check(node_, false);
    expect_converged(node_, peer_);
    node_.check(peer_, true);
    peer_.check(node_, true);
}

}  // namespace kigumi::crash
