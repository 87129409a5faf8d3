#include <algorithm>

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

Scope make(const Kind& kind, unsigned replicas, unsigned ops, unsigned flights) {
    Scope scope;
    scope.kind = &kind;
    scope.replicas = replicas;
    scope.ops = ops;
    scope.flights = flights;
    return scope;
}

Scope with(Scope scope, bool Scope::*what) {
    scope.*what = true;
    return scope;
}

}  // namespace

std::vector<Scope> default_scopes(bool brief) {
    std::vector<Scope> scopes;
    for (const Kind& kind : kinds()) {
        scopes.push_back(make(kind, 2, 3, 2));
        scopes.push_back(with(make(kind, 2, 3, 1), &Scope::sessions));
        scopes.push_back(with(make(kind, 2, 3, 1), &Scope::collection));
        scopes.push_back(with(make(kind, 3, 2, 1), &Scope::relays));
    }
    (void)brief;
    return scopes;
}

}  // namespace kigumi::scope
