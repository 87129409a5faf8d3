#include <initializer_list>

#include "scope.hpp"

namespace kigumi::scope {

std::string Scope::text() const {
    std::string text = std::string(kind->name) + ", " + std::to_string(replicas) + " replicas, " +
                       std::to_string(ops) + " ops, " + std::to_string(flights) + " in flight";
    if (relays) text += ", relays";
    if (sessions) text += ", sessions";
    if (collection) text += ", collection";
    return text;
}

namespace {

using Switches = std::initializer_list<bool Scope::*>;

Scope make(const Kind& kind, unsigned replicas, unsigned ops, unsigned flights,
           Switches switches = {}) {
    Scope scope;
    scope.kind = &kind;
    scope.replicas = replicas;
    scope.ops = ops;
    scope.flights = flights;
    for (const auto each : switches) scope.*each = true;
    return scope;
}

/// Flags are assigned and counters reset: nothing of theirs is ever collected.
bool leaves_removals(const Kind& kind) {
    return std::string(kind.name) != "flag" && std::string(kind.name) != "counter";
}

}  // namespace

std::vector<Scope> default_scopes(bool brief) {
    const auto relays = &Scope::relays;
    const auto sessions = &Scope::sessions;
    const auto collection = &Scope::collection;
    std::vector<Scope> scopes;
    for (const Kind& kind : kinds()) {
        // Two rows in every write make three times as many states.
        const bool wide = std::string(kind.name) == "transaction";
        scopes.push_back(make(kind, 2, brief ? 3 : 4, 2));
        scopes.push_back(make(kind, 2, brief && wide ? 2 : 3, 1, {sessions}));
        scopes.push_back(make(kind, 3, 2, brief ? 1 : 2, {relays}));
        if (leaves_removals(kind)) {
            scopes.push_back(make(kind, 2, 3, 1, {collection}));
            scopes.push_back(make(kind, 3, 2, 1, {collection}));
        }
        if (brief) continue;
        scopes.push_back(make(kind, 3, 3, wide ? 1 : 2));
        if (leaves_removals(kind)) {
            scopes.push_back(make(kind, 2, wide ? 2 : 3, 1, {sessions, collection}));
            scopes.push_back(make(kind, 3, 3, 0, {collection}));
        }
    }
    if (brief) return scopes;
    const Kind& reg = kinds()[0];
    const Kind& set = kinds()[1];
    scopes.push_back(make(reg, 2, 5, 1));
    scopes.push_back(make(reg, 2, 4, 1, {sessions}));
    scopes.push_back(make(reg, 2, 4, 2, {collection}));
    scopes.push_back(make(reg, 3, 3, 1, {relays}));
    scopes.push_back(make(reg, 3, 3, 1, {collection}));
    scopes.push_back(make(set, 3, 3, 1, {collection}));
    return scopes;
}

}  // namespace kigumi::scope
