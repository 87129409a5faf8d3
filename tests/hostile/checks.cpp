#include "hostile/checks.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "kigumi/replication/check.hpp"

namespace kigumi::hostile {
namespace {

using std::chrono::seconds;

constexpr seconds kToolLimit(120);

bool converged(const std::vector<Node*>& nodes, const std::string& bucket) {
    const VersionVector first = nodes[0]->target().version(bucket);
    return std::all_of(nodes.begin(), nodes.end(),
                       [&](Node* node) { return node->target().version(bucket) == first; });
}

/// The rows of the load. Others, which the peer may write in its own name, are not looked at.
std::map<RowKey, Row> honest_rows(Node& node, const std::string& bucket) {
    std::map<RowKey, Row> rows;
    auto snapshot = node.store().read(bucket).value();
    snapshot
        .scan({},
              [&](const RowKey& at, const Row& row) {
                  if (is_honest(at) && !row.removed()) rows.emplace(at, row);
                  return true;
              })
        .value();
    return rows;
}

void expect_count(Node& node, const std::string& bucket, const std::string& key,
                  std::int64_t wanted, Findings& broken) {
    auto snapshot = node.store().read(bucket).value();
    const auto count = snapshot.counter(key).value();
    if (!count || *count != wanted)
        broken.push_back(node.name() + ": the counter " + key + " is " +
                         (count ? std::to_string(*count) : count.error().message) + " instead of " +
                         std::to_string(wanted));
}

void expect_members(Node& node, const std::set<std::string>& wanted, Findings& broken) {
    auto snapshot = node.store().read(kPlain).value();
    const auto set = snapshot.set("members");
    std::size_t lost = 0;
    for (const std::string& member : wanted)
        if (!set.contains(Value(member)).value_or(false)) ++lost;
    const std::size_t size = set.size().value_or(0);
    if (lost != 0 || size != wanted.size())
        broken.push_back(node.name() + ": of " + std::to_string(wanted.size()) + " members " +
                         std::to_string(lost) + " are lost, and " + std::to_string(size) +
                         " are there");
}

/// Runs the command-line tool; the findings are what it prints if it fails.
void run_tool(std::vector<std::string> arguments, const std::filesystem::path& output,
              const std::string& what, Findings& broken) {
    arguments.insert(arguments.begin(), KIGUMI_CLI);
    Process tool(arguments, output);
    const auto status = tool.wait_for(kToolLimit);
    if (status != 0) broken.push_back(what + " fails: " + tool.output());
}

}  // namespace

void check_rows(const std::vector<Node*>& nodes, const Expected& expected, seconds limit,
                Findings& broken) {
    for (const std::string bucket : {kPlain, kSigned}) {
        if (!eventually(limit, [&] { return converged(nodes, bucket); }))
            broken.push_back("no convergence of the bucket " + bucket);
        const auto first = honest_rows(*nodes[0], bucket);
        for (Node* const node : nodes)
            if (honest_rows(*node, bucket) != first)
                broken.push_back("honest rows differ in the bucket " + bucket);
    }
    for (Node* const node : nodes) {
        expect_count(*node, kPlain, "total", expected.total, broken);
        expect_count(*node, kPlain, "orders", expected.orders, broken);
        expect_count(*node, kSigned, "sealed", expected.sealed, broken);
        expect_members(*node, expected.members, broken);
    }
}

void check_origins(const std::vector<Node*>& nodes, const std::set<ReplicaId>& hostile,
                   std::size_t max_hostile, Findings& broken) {
    for (Node* const node : nodes) {
        if (node->store().replica().value() != node->first_replica())
            broken.push_back(node->name() + ": its identity was renewed");
        for (const std::string bucket : {kPlain, kSigned}) {
            std::size_t own = 0;
            std::size_t strange = 0;
            for (const auto& [origin, counter] : node->target().version(bucket)) {
                const ReplicaId id = origin;
                if (std::any_of(nodes.begin(), nodes.end(),
                                [&](Node* other) { return other->first_replica() == id; }))
                    continue;
                hostile.contains(id) ? ++own : ++strange;
            }
            if (strange != 0)
                broken.push_back(node->name() + ": V of the bucket " + bucket + " names " +
                                 std::to_string(strange) + " replicas that do not exist");
            if (own > max_hostile)
                broken.push_back(node->name() + ": V of the bucket " + bucket + " names " +
                                 std::to_string(own) + " replicas of the peer");
        }
    }
}

void check_members(const std::vector<Node*>& nodes, std::size_t max_strangers, seconds limit,
                   Findings& broken) {
    for (Node* const node : nodes) {
        std::string wrong;
        const auto sound = [&] {
            wrong.clear();
            sleep_for_ms(200);
            const auto opinions = node->opinions();
            if (!opinions) {
                wrong = "it does not answer";
                return false;
            }
            for (Node* const other : nodes) {
                if (other == node) continue;
                const auto known = opinions->find(other->first_replica().hex());
                if (known == opinions->end()) {
                    wrong = other->name() + " is unknown";
                } else if (known->second.liveness != "alive" ||
                           known->second.address != other->address()) {
                    wrong = other->name() + " is " + known->second.liveness + " at " +
                            known->second.address;
                }
            }
            if (opinions->size() > nodes.size() + max_strangers)
                wrong = std::to_string(opinions->size()) + " members";
            return wrong.empty();
        };
        if (!eventually(limit, sound))
            broken.push_back(node->name() + ": its list of members is wrong: " + wrong);
    }
}

void check_collection(const std::vector<Node*>& nodes, seconds limit, Findings& broken) {
    for (Node* const node : nodes) {
        std::size_t removed = 0;
        const auto collected = [&] {
            removed = 0;
            auto snapshot = node->store().read(kPlain).value();
            snapshot
                .scan({},
                      [&](const RowKey& at, const Row& row) {
                          if (is_honest(at) && row.removed()) ++removed;
                          return true;
                      })
                .value();
            if (removed != 0) sleep_for_ms(200);
            return removed == 0;
        };
        if (!eventually(limit, collected))
            broken.push_back(node->name() + ": collection stands still, " +
                             std::to_string(removed) + " removed rows are left");
    }
}

void check_stores(const std::vector<Node*>& nodes, const std::filesystem::path& scratch,
                  const std::set<ReplicaId>& hostile, Findings& broken) {
    for (Node* const node : nodes) {
        for (const std::string bucket : {kPlain, kSigned}) {
            check::Options options;
            options.bucket = bucket;
            const auto report = check::run(node->store(), options);
            if (!report) {
                broken.push_back(node->name() + ": check fails: " + report.error().message);
                continue;
            }
            for (const check::Problem& problem : report->problems) {
                // It may sign two of its own writes under one number.
                if (problem.dot && hostile.contains(problem.dot->origin) &&
                    problem.kind == check::Kind::kWriteInTwoRows)
                    continue;
                broken.push_back(node->name() + ": check finds: " + check::describe(problem));
                break;
            }
        }
        const std::string target = (scratch / (node->name() + ".backup")).string();
        run_tool({"--data", node->directory().string(), "backup", target, "--full"},
                 scratch / "backup.out", node->name() + ": a backup", broken);
        run_tool({"verify", target}, scratch / "verify.out",
                 node->name() + ": reading the backup back", broken);
    }
}

std::size_t connections_with(std::uint16_t port) {
    // The system names sockets by inode in both places.
    std::set<std::string> own;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string link = std::filesystem::read_symlink(entry.path(), gone).string();
        if (link.starts_with("socket:[")) own.insert(link.substr(8, link.size() - 9));
    }
    std::ifstream table("/proc/net/tcp");
    std::string line;
    std::getline(table, line);
    std::size_t n = 0;
    while (std::getline(table, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
            timeout >> inode;
        if (state != "01" || !own.contains(inode)) continue;
        for (const std::string& end : {local, remote})
            if (std::stoul(end.substr(end.rfind(':') + 1), nullptr, 16) == port) {
                ++n;
                break;
            }
    }
    return n;
}

}  // namespace kigumi::hostile
