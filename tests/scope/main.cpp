#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "explorer.hpp"

namespace {

using kigumi::scope::Exploration;
using kigumi::scope::Kind;
using kigumi::scope::Scope;

/// Returns whether all held.
bool run(const Scope& scope) {
    const auto begun = std::chrono::steady_clock::now();
    const Exploration found = kigumi::scope::explore(scope);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::printf("%-64s %9zu states %10zu transitions %7zu sites %8zu steps %6.1f s  %s\n",
                scope.text().c_str(), found.states, found.transitions, found.sites, found.steps_run,
                took.count(),
                !found.violation.empty() ? "VIOLATION"
                : found.complete         ? "complete"
                                         : "truncated");
    for (std::size_t i = 0; i < found.steps.size(); ++i)
        std::printf("  %2zu. %s\n", i + 1, found.steps[i].c_str());
    if (!found.violation.empty()) std::printf("  %s\n", found.violation.c_str());
    std::fflush(stdout);
    return found.violation.empty();
}

const Kind* kind_named(const std::string& name) {
    for (const Kind& kind : kigumi::scope::kinds())
        if (name == kind.name) return &kind;
    return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    std::string kind;
    Scope scope;
    bool brief = false;
    std::vector<std::string> names;
    for (const Kind& one : kigumi::scope::kinds()) names.emplace_back(one.name);
    CLI::App app(
        "scope: tries every order of a few operations, messages, losses and crashes.\n"
        "Without --kind it runs a list of scopes.");
    app.add_option("--kind", kind, "what the rows hold")->check(CLI::IsMember(names));
    app.add_option("--replicas", scope.replicas)
        ->check(CLI::Range(2U, kigumi::scope::kMaxReplicas));
    app.add_option("--ops", scope.ops, "operations in all")->check(CLI::Range(1, 8));
    app.add_option("--flights", scope.flights, "pushes under way at a time")
        ->check(CLI::Range(0U, kigumi::scope::kMaxFlights));
    app.add_flag("--relays", scope.relays, "pushes of others' events too");
    app.add_flag("--sessions", scope.sessions, "pulls in parts, with other steps in between");
    app.add_flag("--collection", scope.collection, "removed rows are dropped at any moment");
    app.add_option("--states", scope.max_states, "give up behind so many");
    app.add_flag("--brief", brief, "a shorter list");
    CLI11_PARSE(app, argc, argv);

    if (!kind.empty()) {
        scope.kind = kind_named(kind);
        return run(scope) ? 0 : 1;
    }
    bool held = true;
    for (const Scope& each : kigumi::scope::default_scopes(brief)) held = run(each) && held;
    return held ? 0 : 1;
}
