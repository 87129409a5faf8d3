#include <cstddef>

#include "kigumi.h"

// What programs were compiled with must stay as it is: a struct grows at its end only. Whoever adds
// a member adds a line here, and changes none.

#define KIGUMI_AT(type, member, offset) static_assert(offsetof(type, member) == (offset))
#define KIGUMI_SIZE(type, size) static_assert(sizeof(type) == (size))

static_assert(sizeof(void*) == 8 && sizeof(size_t) == 8, "the numbers below are those of LP64");
static_assert(sizeof(kigumi_status) == 4);

KIGUMI_AT(kigumi_store_options, struct_size, 0);
KIGUMI_AT(kigumi_store_options, map_bytes, 8);
KIGUMI_AT(kigumi_store_options, min_free_bytes, 16);
KIGUMI_SIZE(kigumi_store_options, 24);

KIGUMI_AT(kigumi_node_options, struct_size, 0);
KIGUMI_AT(kigumi_node_options, listen, 8);
KIGUMI_AT(kigumi_node_options, peers, 16);
KIGUMI_AT(kigumi_node_options, peer_count, 24);
KIGUMI_AT(kigumi_node_options, insecure, 32);
KIGUMI_AT(kigumi_node_options, log, 40);
KIGUMI_AT(kigumi_node_options, log_context, 48);
KIGUMI_AT(kigumi_node_options, round_ms, 56);
KIGUMI_AT(kigumi_node_options, key_file, 64);
KIGUMI_AT(kigumi_node_options, allow, 72);
KIGUMI_AT(kigumi_node_options, allow_count, 80);
KIGUMI_AT(kigumi_node_options, advertise, 88);
KIGUMI_AT(kigumi_node_options, cluster, 96);
KIGUMI_AT(kigumi_node_options, leaf, 104);
KIGUMI_AT(kigumi_node_options, only_peers, 105);
KIGUMI_SIZE(kigumi_node_options, 112);

KIGUMI_AT(kigumi_bundle_options, struct_size, 0);
KIGUMI_AT(kigumi_bundle_options, bucket, 8);
KIGUMI_AT(kigumi_bundle_options, since_bundle, 16);
KIGUMI_AT(kigumi_bundle_options, progress, 24);
KIGUMI_AT(kigumi_bundle_options, progress_context, 32);
KIGUMI_SIZE(kigumi_bundle_options, 40);

KIGUMI_AT(kigumi_bundle_summary, struct_size, 0);
KIGUMI_AT(kigumi_bundle_summary, source, 8);
KIGUMI_AT(kigumi_bundle_summary, time_ms, 24);
KIGUMI_AT(kigumi_bundle_summary, rows, 32);
KIGUMI_AT(kigumi_bundle_summary, row_bytes, 40);
KIGUMI_AT(kigumi_bundle_summary, file_bytes, 48);
KIGUMI_SIZE(kigumi_bundle_summary, 56);

KIGUMI_AT(kigumi_check_report, struct_size, 0);
KIGUMI_AT(kigumi_check_report, looked_at, 8);
KIGUMI_AT(kigumi_check_report, found, 16);
KIGUMI_AT(kigumi_check_report, repaired, 24);
KIGUMI_SIZE(kigumi_check_report, 32);

// These have no struct_size: they never change.
KIGUMI_SIZE(kigumi_slice, 16);
KIGUMI_SIZE(kigumi_place, 32);
KIGUMI_SIZE(kigumi_value, 24);
KIGUMI_SIZE(kigumi_member, 40);
KIGUMI_SIZE(kigumi_replica, 16);
KIGUMI_SIZE(kigumi_sibling, 64);
