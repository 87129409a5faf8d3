#include "descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace kigumi {
namespace {

/// More than a node with all its connections, HTTP clients and backups has ever open.
constexpr rlim_t kWanted = 4'096;

}  // namespace

void raise_descriptor_limit() {
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur >= kWanted) return;
    descriptors.rlim_cur = std::min(descriptors.rlim_max, kWanted);
    // Where that is forbidden, the node adapts to what there is, and says so.
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &descriptors));
}

}  // namespace kigumi
