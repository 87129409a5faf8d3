#include "crash/node.hpp"

#include <csignal>

#include "crash/violation.hpp"
#include "support/present_rows.hpp"

namespace kigumi::crash {
namespace {

using std::chrono::seconds;

/// Not because it was killed, nor because a preloaded fault ended it.
bool ended_by_itself(Process& process) {
    const auto status = process.wait_for(seconds(0));
    return status && *status != -SIGKILL && *status != 137;
}

/// Some of the numbers, and how many there are.
std::string list(const std::set<std::int64_t>& numbers) {
    std::string text = std::to_string(numbers.size()) + " (";
    std::size_t n = 0;
    for (const std::int64_t each : numbers) {
        if (n++ == 8) return text + " …)";
        text += (n == 1 ? "" : " ") + std::to_string(each);
    }
    return text + ")";
}

/// `there` holds what `writer` called acknowledged and nothing that it called an error.
void compare(Writer& writer, const std::set<std::int64_t>& there) {
    std::set<std::int64_t> lost;
    std::set<std::int64_t> refused;
    for (std::int64_t i = 0; i < writer.next(); ++i) {
        const bool acknowledged = !writer.refused().contains(i);
        if (acknowledged && !there.contains(i)) lost.insert(i);
        if (!acknowledged && there.contains(i)) refused.insert(i);
    }
    const std::string whose = " of writer " + writer.name();
    if (!lost.empty()) throw Violation("acknowledged and lost" + whose + ": " + list(lost));
    if (!refused.empty()) throw Violation("refused and there" + whose + ": " + list(refused));
    if (writer.process().running()) return;
    const std::set<std::int64_t> more(there.lower_bound(writer.next()), there.end());
    if (!more.empty() && (more.size() > 1 || *more.begin() != writer.next()))
        throw Violation("there without a word" + whose + ": " + list(more));
}

}  // namespace

Writer& Node::start_writer(const std::vector<std::string>& environment) {
    const std::string name = data().filename().string() + std::to_string(writers_.size());
    return writers_.emplace_back(data(), name, environment);
}

std::vector<Writer*> Node::live_writers() {
    std::vector<Writer*> live;
    for (Writer& writer : writers_)
        if (writer.process().running()) live.push_back(&writer);
    return live;
}

std::vector<Process*> Node::live() {
    std::vector<Process*> live = {&daemon_.process()};
    for (Writer* const writer : live_writers()) live.push_back(&writer->process());
    return live;
}

std::uint64_t Node::acknowledged() const {
    std::uint64_t sum = 0;
    for (const Writer& writer : writers_) sum += writer.acknowledged();
    return sum;
}

void Node::listen() {
    if (ended_by_itself(daemon_.process()))
        throw Violation("the daemon ended by itself: " + daemon_.process().output());
    for (Writer& writer : writers_) {
        const bool ended = ended_by_itself(writer.process());
        const bool sound = writer.listen();
        // One failed step fails one transaction.
        const std::size_t errors = writer.fault().empty() ? 0 : 1;
        if (!sound || ended || writer.refused().size() > errors)
            throw Violation("writer " + writer.name() + " did not do its work; see what it said");
    }
}

Node::Writes Node::read_store() const {
    const auto store = Store::open(data()).value();
    auto txn = store->read().value();
    txn.check_log().value();
    Writes writes;
    std::int64_t sum = 0;
    txn.set("burst")
        .each([&](const Value& member) {
            const std::string& text = *member.get_if<std::string>();
            const auto colon = text.find(':');
            writes[text.substr(0, colon)].insert(std::stoll(text.substr(colon + 1)));
            return ++sum != 0;
        })
        .value();
    if (const auto count = txn.counter("burst").value().value(); count != sum)
        throw Violation(std::to_string(sum) + " writes are there, and " + std::to_string(count) +
                        " were counted");
    for (const auto& [name, numbers] : writes)
        if (txn.reg("burst:" + name).get().value() != Value(*numbers.rbegin()))
            throw Violation("half of a transaction of writer " + name + " is there");
    return writes;
}

void Node::account_for(Writes& writes) {
    for (Writer& writer : writers_) {
        compare(writer, writes[writer.name()]);
        writes.erase(writer.name());
    }
}

void Node::leave_out(Writes& writes) const {
    for (const Writer& writer : writers_) writes.erase(writer.name());
}

void Node::check(Node& peer, bool converged) {
    try {
        // Before the store is read: what is acknowledged later need not be there.
        listen();
        if (converged) peer.listen();
        Writes writes = read_store();
        account_for(writes);
        converged ? peer.account_for(writes) : peer.leave_out(writes);
        if (!writes.empty()) throw Violation("nobody made the writes of " + writes.begin()->first);
    } catch (const std::exception& error) {
        throw Violation("node " + data().filename().string() + ": " + error.what());
    }
}

void expect_converged(Node& a, Node& b) {
    const auto store_a = Store::open(a.data()).value();
    const auto store_b = Store::open(b.data()).value();
    const auto version = [](Store& store) { return store.read().value().version(); };
    if (!eventually(seconds(60), [&] { return version(*store_a) == version(*store_b); }))
        throw Violation("the nodes do not converge");
    if (!(present_rows(*store_a) == present_rows(*store_b)))
        throw Violation("the nodes have equal versions and other rows");
}

}  // namespace kigumi::crash
