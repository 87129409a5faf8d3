#include "node.hpp"

#include "options.hpp"

using namespace kigumi;

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

Result<NodeOptions> node_options(const kigumi_node_options& chosen) {
    NodeOptions options;
    KIGUMI_TRY(options.listen, c::required(chosen.listen, "listen"));
    KIGUMI_TRY(options.peers, c::texts(chosen.peers, chosen.peer_count, "peers"));
    KIGUMI_TRY(options.allow, c::texts(chosen.allow, chosen.allow_count, "allow"));
    if (chosen.key_file != nullptr) options.key_file = chosen.key_file;
    options.insecure = chosen.insecure;
    if (chosen.advertise != nullptr) options.advertise = chosen.advertise;
    if (chosen.cluster != nullptr) options.replication.cluster = chosen.cluster;
    options.leaf = chosen.leaf;
    options.only_peers = chosen.only_peers;
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

void kigumi_node_stop(kigumi_node* node) { c::destroy(node); }
