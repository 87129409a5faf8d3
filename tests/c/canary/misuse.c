#include "canary.h"

#define INVALID(call) EXPECT((call) == KIGUMI_INVALID_ARGUMENT)

static void null_handles(void) {
    kigumi_store* store = NULL;
    kigumi_txn* tx = NULL;
    kigumi_cursor* cursor = NULL;
    kigumi_watch* watch = NULL;
    kigumi_node* node = NULL;
    const kigumi_entry* entry = NULL;
    kigumi_value value = kigumi_value_nil();
    kigumi_replica replica;
    char* json = NULL;
    size_t count = 0;
    bool told = false;
    INVALID(kigumi_store_replica(NULL, &replica));
    INVALID(kigumi_store_status_copy(NULL, NULL, &json));
    INVALID(kigumi_read_open(NULL, NULL, &tx));
    INVALID(kigumi_write_open(NULL, NULL, &tx));
    INVALID(kigumi_txn_commit(NULL));
    INVALID(kigumi_register_get(NULL, kigumi_at("a"), &value));
    INVALID(kigumi_register_assign(NULL, kigumi_at("a"), value));
    INVALID(kigumi_set_members_open(NULL, kigumi_at("a"), &cursor));
    INVALID(kigumi_buckets_open(NULL, &cursor));
    INVALID(kigumi_cursor_next(NULL, &entry));
    INVALID(kigumi_watch_open(NULL, NULL, &watch));
    INVALID(kigumi_watch_take(NULL, &told));
    INVALID(kigumi_node_start(NULL, NULL, &node));
    INVALID(kigumi_store_open(NULL, NULL, &store));
    INVALID(kigumi_key_generate_copy(NULL, &json));
    INVALID(kigumi_token_observe(NULL, NULL));
    INVALID(kigumi_token_merge(NULL, NULL));
    INVALID(kigumi_token_text_copy(NULL, &json));
    INVALID(kigumi_confirmed(NULL, NULL, NULL, &count));
    INVALID(kigumi_wait(NULL, NULL, NULL, 0, 0, NULL));
    EXPECT(kigumi_store_directory(NULL) == NULL);
}

static void null_results(kigumi_store* store, kigumi_txn* tx) {
    kigumi_place at = kigumi_at("a");
    const kigumi_sibling* siblings = NULL;
    kigumi_txn* another = NULL;
    size_t count = 0;
    INVALID(kigumi_store_open("somewhere", NULL, NULL));
    INVALID(kigumi_store_replica(store, NULL));
    INVALID(kigumi_store_status_copy(store, NULL, NULL));
    INVALID(kigumi_store_check(store, false, NULL, NULL));
    INVALID(kigumi_read_open(store, NULL, NULL));
    INVALID(kigumi_write_open(store, NULL, NULL));
    INVALID(kigumi_register_get(tx, at, NULL));
    INVALID(kigumi_register_siblings(tx, at, NULL, &count));
    INVALID(kigumi_register_siblings(tx, at, &siblings, NULL));
    INVALID(kigumi_counter_get(tx, at, NULL));
    INVALID(kigumi_flag_get(tx, at, KIGUMI_ENABLE_WINS, NULL));
    INVALID(kigumi_set_contains(tx, at, kigumi_value_nil(), NULL));
    INVALID(kigumi_set_size(tx, at, NULL));
    INVALID(kigumi_types_get(tx, at, NULL));
    INVALID(kigumi_keys_open(tx, kigumi_slice_of(""), NULL));
    INVALID(kigumi_set_members_open(tx, at, NULL));
    INVALID(kigumi_map_fields_open(tx, at, NULL));
    INVALID(kigumi_conflicts_open(tx, NULL));
    INVALID(kigumi_buckets_open(store, NULL));
    INVALID(kigumi_request_get(tx, kigumi_slice_of("id"), NULL));
    INVALID(kigumi_token_open(kigumi_slice_of(""), NULL));
    INVALID(kigumi_read_open_at_least(store, NULL, NULL, 0, &another));
    INVALID(kigumi_confirmed(store, NULL, NULL, NULL));
    INVALID(kigumi_watch_open(store, NULL, NULL));
    INVALID(kigumi_node_start(store, NULL, NULL));
    INVALID(kigumi_value_copy(kigumi_value_nil(), NULL));
    INVALID(kigumi_value_to_json_copy(kigumi_value_nil(), NULL));
    INVALID(kigumi_value_from_json_copy(kigumi_slice_of("1"), NULL));
    INVALID(kigumi_bundle_export(store, NULL, NULL, NULL));
    INVALID(kigumi_bundle_inspect("x", NULL));
}

static void wrong_places(kigumi_txn* tx) {
    kigumi_cursor* cursor = NULL;
    kigumi_place hole = kigumi_at("a");
    bool told = false;
    INVALID(kigumi_flag_set(tx, kigumi_in("map", "flag"), true));
    INVALID(kigumi_flag_get(tx, kigumi_at("a"), (kigumi_flag_policy)7, &told));
    INVALID(kigumi_map_remove(tx, kigumi_at("map"), NULL));
    INVALID(kigumi_map_fields_open(tx, kigumi_in("map", "field"), &cursor));
    INVALID(kigumi_object_remove(tx, kigumi_in("map", "field"), KIGUMI_SET, NULL));
    INVALID(kigumi_object_remove(tx, kigumi_at("a"), (kigumi_type)6, NULL));
    INVALID(kigumi_object_remove(tx, kigumi_at("a"), (kigumi_type)-1, NULL));
    INVALID(kigumi_register_assign(tx, kigumi_in("map", "\xff"), kigumi_value_nil()));
    hole.key.data = NULL;
    INVALID(kigumi_counter_add(tx, hole, 1));
}

/* Handles of another kind, by a cast that a compiler cannot see through. */
static void wrong_kinds(kigumi_store* store, kigumi_txn* tx) {
    void* volatile as_store = store;
    void* volatile as_txn = tx;
    kigumi_replica replica;
    INVALID(kigumi_counter_add((kigumi_txn*)as_store, kigumi_at("a"), 1));
    INVALID(kigumi_store_replica((kigumi_store*)as_txn, &replica));
}

void misuse(void) {
    kigumi_store* store = open_store("misuse");
    kigumi_txn* tx = NULL;
    OK(kigumi_write_open(store, NULL, &tx));
    null_handles();
    null_results(store, tx);
    wrong_places(tx);
    wrong_kinds(store, tx);
    kigumi_txn_close(tx);
    OK(kigumi_store_close(store));
}
