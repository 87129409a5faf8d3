#pragma once

#include <cstdio>
#include <cstdlib>

namespace kigumi::fuzz {

/// Ends the process with `what` unless `holds`: how a fuzzer, and a replay, report a finding.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "fuzz: this does not hold: %s\n", what);
    std::abort();
}

}  // namespace kigumi::fuzz
