#include "canary.h"

static void count_one(kigumi_store* store, const char* bucket, kigumi_token* token) {
    kigumi_txn* tx = NULL;
    OK(kigumi_write_open(store, bucket, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    REFUSED(kigumi_token_observe(token, tx), KIGUMI_INVALID_ARGUMENT, "not committed");
    OK(kigumi_txn_commit(tx));
    OK(kigumi_token_observe(token, tx));
    kigumi_txn_close(tx);
}

static int64_t counted(kigumi_store* store, const char* bucket, const kigumi_token* token) {
    kigumi_txn* tx = NULL;
    int64_t sum = 0;
    OK(kigumi_read_open_at_least(store, bucket, token, -1, &tx));
    OK(kigumi_counter_get(tx, kigumi_at("n"), &sum));
    kigumi_txn_close(tx);
    return sum;
}

/* The session goes on at another node, with nothing but the text of its token. */
static void a_session_moves(kigumi_store* here, kigumi_store* there) {
    kigumi_token* token = NULL;
    kigumi_token* moved = NULL;
    kigumi_txn* tx = NULL;
    const char* file = path_of("session.bundle");
    char* text = NULL;
    OK(kigumi_token_open(kigumi_slice_of(""), &token));
    EXPECT(counted(there, NULL, token) == 0);
    count_one(here, NULL, token);
    OK(kigumi_token_text_copy(token, &text));
    OK(kigumi_token_open(kigumi_slice_of(text), &moved));
    kigumi_free(text);
    REFUSED(kigumi_read_open_at_least(there, NULL, moved, 10, &tx), KIGUMI_NOT_YET, "1 event");
    EXPECT(tx == NULL);
    OK(kigumi_bundle_export(here, file, NULL, NULL));
    OK(kigumi_bundle_import(there, &file, 1, NULL));
    EXPECT(counted(there, NULL, moved) == 1);
    kigumi_token_close(moved);
    kigumi_token_close(token);
}

static void tokens_merge(kigumi_store* here, kigumi_store* there) {
    kigumi_token* one = NULL;
    kigumi_token* other = NULL;
    kigumi_txn* tx = NULL;
    OK(kigumi_token_open(kigumi_slice_of(""), &one));
    OK(kigumi_token_open(kigumi_slice_of(""), &other));
    count_one(here, "merged", one);
    OK(kigumi_read_open_at_least(there, "merged", other, 0, &tx));
    kigumi_txn_close(tx);
    OK(kigumi_token_merge(other, one));
    EXPECT(kigumi_read_open_at_least(there, "merged", other, 0, &tx) == KIGUMI_NOT_YET);
    EXPECT(counted(here, "merged", other) == 1);
    kigumi_token_close(one);
    kigumi_token_close(other);
    kigumi_token_close(NULL);
}

static void others_are_refused(void) {
    kigumi_token* token = NULL;
    REFUSED(kigumi_token_open(kigumi_slice_of("milk"), &token), KIGUMI_INVALID_ARGUMENT,
            "no session token");
    REFUSED(kigumi_token_open(kigumi_slice_of("kigumi9.AAAA"), &token), KIGUMI_UNSUPPORTED,
            "another version");
    EXPECT(token == NULL);
}

static kigumi_node* start(kigumi_store* store, const char* peer) {
    kigumi_node_options options = kigumi_node_options_default();
    kigumi_node* node = NULL;
    options.listen = "127.0.0.1:*";
    options.insecure = true;
    options.peers = &peer;
    options.peer_count = peer == NULL ? 0 : 1;
    OK(kigumi_node_start(store, &options, &node));
    return node;
}

static void others_confirm(kigumi_store* here, kigumi_store* there) {
    kigumi_token* token = NULL;
    kigumi_node* nodes[2];
    size_t replicas = 7;
    OK(kigumi_token_open(kigumi_slice_of(""), &token));
    count_one(here, NULL, token);
    REFUSED(kigumi_wait(here, NULL, NULL, 1, 10, &replicas), KIGUMI_NOT_YET, "0 of 1 peer");
    EXPECT(replicas == 7);
    nodes[0] = start(here, NULL);
    nodes[1] = start(there, kigumi_node_address(nodes[0]));
    OK(kigumi_wait(here, NULL, NULL, 1, -1, &replicas));
    EXPECT(replicas == 1);
    OK(kigumi_wait(here, NULL, token, 1, INT64_MAX, NULL));
    OK(kigumi_confirmed(here, NULL, token, &replicas));
    EXPECT(replicas == 1);
    OK(kigumi_confirmed(here, NULL, NULL, &replicas));
    EXPECT(replicas == 1);
    EXPECT(counted(there, NULL, token) == 2);
    kigumi_node_stop(nodes[0]);
    kigumi_node_stop(nodes[1]);
    kigumi_token_close(token);
}

void sessions(void) {
    kigumi_store* here = open_store("session-1");
    kigumi_store* there = open_store("session-2");
    a_session_moves(here, there);
    tokens_merge(here, there);
    others_are_refused();
    others_confirm(here, there);
    OK(kigumi_store_close(there));
    OK(kigumi_store_close(here));
}
