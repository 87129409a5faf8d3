#include "kigumi/daemon/node.hpp"

#include "handles.hpp"
#include "options.hpp"

using namespace kigumi;

struct kigumi_node {
    explicit kigumi_node(kigumi_store& store) : store(store) {}

    c::Mark mark = c::Mark::kNode;
    c::StoreUse store;
    std::unique_ptr<Node> node;
};

template <>
struct kigumi::c::Kind<kigumi_node> {
    static constexpr Mark kMark = Mark::kNode;
    static constexpr const char* kName = "node";
};

namespace {

kigumi_log_level level_for_c(Effects::Note::Level level) {
    switch (level) {
        case Effects::Note::Level::kDebug:
            return KIGUMI_LOG_DEBUG;
        case Effects::Note::Level::kInfo:
            return KIGUMI_LOG_INFO;
        case Effects::Note::Level::kWarning:
            break;
    }
    return KIGUMI_LOG_WARNING;
}

Result<std::vector<std::string>> texts(const char* const* list, std::size_t count,
                                       const char* name) {
    std::vector<std::string> all;
    if (list == nullptr && count > 0)
        return fail(ErrorCode::kInvalidArgument,
                    std::string(name) + " is null but its count is not 0");
    for (std::size_t i = 0; i < count; ++i) {
        KIGUMI_TRY(const char* const text, c::required(list[i], name));
        all.emplace_back(text);
    }
    return all;
}

Result<NodeOptions> node_options(const kigumi_node_options& chosen) {
    NodeOptions options;
    KIGUMI_TRY(options.listen, c::required(chosen.listen, "listen"));
    KIGUMI_TRY(options.peers, texts(chosen.peers, chosen.peer_count, "peers"));
    KIGUMI_TRY(options.allow, texts(chosen.allow, chosen.allow_count, "allow"));
    if (chosen.key_file != nullptr) options.key_file = chosen.key_file;
    options.insecure = chosen.insecure;
    if (chosen.round_ms != 0) options.replication.round_ms = chosen.round_ms;
    if (chosen.log != nullptr)
        options.log = [log = chosen.log, context = chosen.log_context](const Effects::Note& note) {
            log(context, level_for_c(note.level), note.event.c_str(), note.detail.c_str());
        };
    return options;
}

}  // namespace

kigumi_status kigumi_node_start(kigumi_store* store, const kigumi_node_options* options,
                                kigumi_node** node) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(node, "node"));
        KIGUMI_TRY(const kigumi_node_options chosen, c::options_of(options));
        KIGUMI_TRY(NodeOptions wanted, node_options(chosen));
        auto started = std::make_unique<kigumi_node>(*store);
        KIGUMI_TRY(started->node, Node::start(*started->store, std::move(wanted)));
        *node = started.release();
        return {};
    });
}

const char* kigumi_node_address(const kigumi_node* node) {
    return node == nullptr ? nullptr : node->node->address().c_str();
}

void kigumi_node_stop(kigumi_node* node) { c::destroy(node); }
