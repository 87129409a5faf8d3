#pragma once

#include "handles.hpp"
#include "kigumi/replication/session_token.hpp"

struct kigumi_token {
    kigumi::c::Mark mark = kigumi::c::Mark::kToken;
    kigumi::SessionToken seen;
};

namespace kigumi::c {

template <>
struct Kind<kigumi_token> {
    static constexpr Mark kMark = Mark::kToken;
    static constexpr const char* kName = "token";
};

}  // namespace kigumi::c
