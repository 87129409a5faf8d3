#pragma once

#include "handles.hpp"
#include "kigumi/daemon/node.hpp"

struct kigumi_node {
    explicit kigumi_node(kigumi_store& store) : store(store) {}

    kigumi::c::Mark mark = kigumi::c::Mark::kNode;
    kigumi::c::StoreUse store;
    std::unique_ptr<kigumi::Node> node;
};

template <>
struct kigumi::c::Kind<kigumi_node> {
    static constexpr Mark kMark = Mark::kNode;
    static constexpr const char* kName = "node";
};
