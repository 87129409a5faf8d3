#pragma once

#include <map>
#include <string>

namespace kigumi::crash {

/// How often each kind of thing happened.
using Tally = std::map<std::string, unsigned>;

/// A step of a commit that is made to go wrong; `crash_at.cpp` says what the words mean.
struct Fault {
    const char* how;
    const char* on;

    std::string name() const { return std::string(how) + " at a " + on; }
};

/// Whom faults happen to, in the names under which they are counted.
inline constexpr const char* kWriter = "writer: ";
inline constexpr const char* kDaemon = "daemon: ";

inline constexpr Fault kWriterFaults[] = {
    {"crash", "write"}, {"crash", "sync"},          {"crash", "meta page"}, {"lose", "write"},
    {"lose", "sync"},   {"lose", "meta page"},      {"tear", "write"},      {"tear", "sync"},
    {"fail", "write"},  {"tear-meta", "meta page"}, {"fail", "sync"},       {"fail", "meta page"},
    {"short", "write"}, {"short", "meta page"}};

inline constexpr Fault kDaemonFaults[] = {
    {"crash", "write"}, {"crash", "sync"}, {"crash", "meta page"}, {"lose", "sync"}};

/// What a long run has to have met, besides the faults, for its silence to mean something.
inline constexpr const char* kMustHappen[] = {"writer",       "writer, after a failed step",
                                              "daemon",       "whole node",
                                              "all writers",  "peer's daemon",
                                              "peer's writer"};

}  // namespace kigumi::crash
