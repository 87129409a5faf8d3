#pragma once

#include "protocol/pull_client.hpp"
#include "protocol/pull_server.hpp"
#include "site.hpp"

namespace kigumi::scope {

/// A pull under way: the product's own two ends, copied from moment to moment, and what the server
/// has sent and the client has not taken yet.
struct Session {
    unsigned client = 0;
    unsigned server = 0;
    std::shared_ptr<const PullClient> pull;
    std::shared_ptr<const PullServer> answer;  ///< null once it has broken off
    std::vector<std::string> arriving;
    std::string base;        ///< what the client lacks, as it said when it began
    std::string taken;       ///< the parts that it has, in whatever run they came
    unsigned run_parts = 0;  ///< how many of them came in this run
    Past past;               ///< the server's, when it last sent something
    VersionVector version;
    bool refused = false;  ///< the server has ended it

    bool broken() const { return answer == nullptr; }
    std::string bytes() const;
};

}  // namespace kigumi::scope
