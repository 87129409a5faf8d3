#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "recorder.hpp"

namespace kigumi::scope {

inline constexpr unsigned kMaxReplicas = 3;
inline constexpr unsigned kMaxFlights = 3;

/// One thing that a replica may write, as one transaction. `value` differs between any two writes.
struct Operation {
    const char* name;
    Result<void> (*write)(sim::Recorder& space, std::int64_t value);
};

/// The operations on one kind of row; few, so that everything can be tried.
struct Kind {
    const char* name;
    std::vector<Operation> operations;
};
const std::vector<Kind>& kinds();

/// A world that is small enough to try every order of its steps.
struct Scope {
    const Kind* kind = nullptr;
    unsigned replicas = 2;
    unsigned ops = 3;         ///< operations in all
    unsigned flights = 1;     ///< pushes under way at a time
    bool relays = false;      ///< pushes of others' events too
    bool sessions = false;    ///< pulls in parts, with other steps in between
    bool collection = false;  ///< removed rows are dropped at any moment
    std::size_t max_states = 20'000'000;

    std::string text() const;
};

/// What `scope` runs without arguments: deep, a few minutes. `brief`: a slice for every test run.
std::vector<Scope> default_scopes(bool brief);

}  // namespace kigumi::scope
