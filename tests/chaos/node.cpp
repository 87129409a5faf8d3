#include "chaos/node.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace kigumi::chaos {
namespace {

/// Between two transactions of a client: together they write some hundred times a second.
constexpr int kPauseMs = 10;
/// Each transaction takes a member away that is so old.
constexpr std::int64_t kMembersLeft = 100;
constexpr std::chrono::seconds kEndLimit(20);

}  // namespace

Value member(const std::string& name, std::int64_t n) {
    return Value(name + ":" + std::to_string(n));
}

Node::Node(std::string name, const std::filesystem::path& data, std::vector<std::string> command)
    : name_(std::move(name)),
      log_(data.string() + ".log"),
      command_(std::move(command)),
      store_(Store::open(data).value()) {}

Node::~Node() {
    stopping_ = true;
    if (client_.joinable()) client_.join();
}

void Node::start_daemon() {
    if (daemon_) return;
    daemon_ = std::make_unique<Process>(command_, log_.string() + std::to_string(starts_++));
    if (daemon_->wait_for_output(" listen=tcp://").empty())
        throw std::runtime_error("the kigumid of " + name_ + " does not start:\n" +
                                 daemon_->output());
}

void Node::stop_daemon(int signal) {
    if (!daemon_) return;
    daemon_->signal(signal);
    if (!daemon_->wait_for(kEndLimit))
        throw std::runtime_error("the kigumid of " + name_ + " does not end:\n" +
                                 daemon_->output());
    daemon_.reset();
}

std::uint64_t Node::daemon_bytes() const {
    if (!daemon_) return 0;
    std::ifstream status("/proc/" + std::to_string(daemon_->pid()) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) << 10;
    return 0;
}

std::string Node::daemon_log() const { return daemon_ ? daemon_->output() : "(it does not run)"; }

void Node::start_client() {
    client_ = std::thread([this] {
        try {
            write_until_stopped();
        } catch (const std::exception& error) {
            failure_ = error.what();
        }
    });
}

Acknowledged Node::stop_client() {
    stopping_ = true;
    client_.join();
    if (!failure_.empty()) throw std::runtime_error("the client of " + name_ + ": " + failure_);
    return acknowledged_;
}

void Node::write_until_stopped() {
    for (std::int64_t n = 0; !stopping_; ++n) {
        auto tx = store_->write().value();
        tx.set(kLog).add(member(name_, n)).value();
        tx.counter(kCount).add(1).value();
        const std::int64_t old = n - kMembersLeft;
        if (old >= 0 && old % 2 == 0) tx.set(kLog).erase(member(name_, old)).value();
        tx.reg("last writer").assign(Value(name_)).value();
        tx.commit().value();
        acknowledged_.present.insert(n);
        ++acknowledged_.increments;
        if (old >= 0 && old % 2 == 0) {
            acknowledged_.present.erase(old);
            acknowledged_.removed.insert(old);
        }
        sleep_for_ms(kPauseMs);
    }
}

}  // namespace kigumi::chaos
