#include <algorithm>

#include "scope.hpp"

namespace kigumi::scope {

std::string Scope::text() const {
    std::string text = std::string(kind->name) + ", " + std::to_string(replicas) + " replicas, " +
                       std::to_string(ops) + " ops, " + std::to_string(flights) + " in flight";
    if (sessions) text += ", sessions";
    if (collection) text += ", collection";
    return text;
}

std::vector<Scope> default_scopes(bool brief) {
    std::vector<Scope> scopes;
    for (const Kind& kind : kinds()) {
        const unsigned more = brief ? 0 : 1;
        scopes.push_back({&kind, 2, 3 + more, 2, false, false});
        scopes.push_back({&kind, 2, 3, 1, true, false});
        scopes.push_back({&kind, 3, 2 + more, 1, false, false});
    }
    return scopes;
}

}  // namespace kigumi::scope
