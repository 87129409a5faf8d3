#include "canary.h"

static void hear(void* context, kigumi_log_level level, const char* event, const char* detail) {
    /* On the node's thread; it has ended when this is read. */
    if (level >= KIGUMI_LOG_DEBUG && strlen(event) > 0 && detail != NULL) ++*(int*)context;
}

static kigumi_node* start(kigumi_store* store, const char* peer, int* heard) {
    kigumi_node_options options = kigumi_node_options_default();
    kigumi_node* node = NULL;
    const char* peers[1];
    options.listen = "127.0.0.1:*";
    options.insecure = true;
    options.log = hear;
    options.log_context = heard;
    peers[0] = peer;
    if (peer != NULL) {
        options.peers = peers;
        options.peer_count = 1;
    }
    OK(kigumi_node_start(store, &options, &node));
    return node;
}

static void refusals(kigumi_store* store) {
    kigumi_node_options options = kigumi_node_options_default();
    kigumi_node* node = NULL;
    REFUSED(kigumi_node_start(store, &options, &node), KIGUMI_INVALID_ARGUMENT, "listen");
    options.listen = "127.0.0.1:*";
    EXPECT(kigumi_node_start(store, &options, &node) == KIGUMI_INVALID_ARGUMENT);
    options.insecure = true;
    options.peer_count = 1;
    REFUSED(kigumi_node_start(store, &options, &node), KIGUMI_INVALID_ARGUMENT, "peers");
    options.peer_count = 0;
    options.cluster = "a name of more than 64 bytes, which is what fits into a greeting of a node";
    REFUSED(kigumi_node_start(store, &options, &node), KIGUMI_INVALID_ARGUMENT, "cluster");
    EXPECT(kigumi_node_address(NULL) == NULL);
    EXPECT(kigumi_node_set_allowed(NULL, NULL, 0) == KIGUMI_INVALID_ARGUMENT);
    EXPECT(kigumi_node_drain(NULL, 0) == KIGUMI_INVALID_ARGUMENT);
    EXPECT(kigumi_node_status_copy(NULL, NULL) == KIGUMI_INVALID_ARGUMENT);
    kigumi_node_stop(NULL);
}

static int64_t wait_for_two(kigumi_store* store, kigumi_watch* watch) {
    kigumi_txn* tx = NULL;
    int64_t sum = 0;
    bool changed = false;
    do {
        OK(kigumi_watch_wait(watch, 60000, &changed));
        EXPECT(changed);
        OK(kigumi_read_open(store, NULL, &tx));
        OK(kigumi_counter_get(tx, kigumi_at("n"), &sum));
        kigumi_txn_close(tx);
    } while (sum < 2);
    return sum;
}

/* Two nodes that let each other in by their keys. */
static void locked(void) {
    kigumi_store* stores[2];
    kigumi_node* started[2];
    char* keys[2] = {NULL, NULL};
    const char* names[2] = {"locked-1", "locked-2"};
    const char* files[2] = {"key-1", "key-2"};
    const char* peer = NULL;
    kigumi_txn* tx = NULL;
    int i;
    for (i = 0; i < 2; ++i) {
        OK(kigumi_key_generate_copy(path_of(files[i]), &keys[i]));
        EXPECT(strlen(keys[i]) == 40);
        stores[i] = open_store(names[i]);
    }
    REFUSED(kigumi_key_generate_copy(path_of(files[0]), &keys[0]), KIGUMI_INVALID_ARGUMENT,
            files[0]);
    for (i = 0; i < 2; ++i) {
        kigumi_node_options options = kigumi_node_options_default();
        const char* allow = keys[1 - i];
        options.listen = "127.0.0.1:*";
        options.key_file = path_of(files[i]);
        if (i == 1) options.allow = &allow;
        if (i == 1) options.allow_count = 1;
        options.peers = &peer;
        options.peer_count = i == 0 ? 0 : 1;
        options.cluster = "shop";
        options.leaf = i == 1;
        OK(kigumi_node_start(stores[i], &options, &started[i]));
        peer = kigumi_node_address(started[i]);
    }
    OK(kigumi_write_open(stores[0], NULL, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    /* The first one lists nobody yet. */
    REFUSED(kigumi_wait(stores[0], NULL, NULL, 1, 200, NULL), KIGUMI_NOT_YET, "0 of 1");
    peer = "no key";
    REFUSED(kigumi_node_set_allowed(started[0], &peer, 1), KIGUMI_INVALID_ARGUMENT, "no key");
    peer = keys[1];
    OK(kigumi_node_set_allowed(started[0], &peer, 1));
    OK(kigumi_wait(stores[0], NULL, NULL, 1, -1, NULL));
    for (i = 0; i < 2; ++i) {
        kigumi_node_stop(started[i]);
        kigumi_free(keys[i]);
        OK(kigumi_store_close(stores[i]));
    }
}

void nodes(void) {
    kigumi_store* stores[2];
    kigumi_watch* watches[2];
    kigumi_node* started[2];
    kigumi_txn* tx = NULL;
    char* json = NULL;
    int heard[2] = {0, 0};
    int i;
    for (i = 0; i < 2; ++i) {
        stores[i] = open_store(i == 0 ? "node-1" : "node-2");
        OK(kigumi_watch_open(stores[i], NULL, &watches[i]));
        OK(kigumi_write_open(stores[i], NULL, &tx));
        OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
        OK(kigumi_txn_commit(tx));
        kigumi_txn_close(tx);
    }
    refusals(stores[0]);
    started[0] = start(stores[0], NULL, &heard[0]);
    started[1] = start(stores[1], kigumi_node_address(started[0]), &heard[1]);
    REFUSED(kigumi_store_close(stores[0]), KIGUMI_BUSY, "close them first");
    for (i = 0; i < 2; ++i) EXPECT(wait_for_two(stores[i], watches[i]) == 2);
    OK(kigumi_store_status_copy(stores[0], NULL, &json));
    EXPECT(strstr(json, "\"buckets\":[\"default\"") != NULL && strstr(json, "\"peers\":[") != NULL);
    EXPECT(strstr(json, kigumi_store_directory(stores[0])) != NULL);
    kigumi_free(json);
    OK(kigumi_node_status_copy(started[0], &json));
    EXPECT(strstr(json, "\"links\":[{") != NULL && strstr(json, "\"name\":\"default\"") != NULL);
    EXPECT(strstr(json, kigumi_node_address(started[0])) != NULL);
    kigumi_free(json);
    REFUSED(kigumi_node_set_allowed(started[0], NULL, 0), KIGUMI_INVALID_ARGUMENT, "plain text");
    OK(kigumi_node_drain(started[0], 60000));
    for (i = 0; i < 2; ++i) {
        kigumi_node_stop(started[i]);
        EXPECT(heard[i] > 0);
        kigumi_watch_close(watches[i]);
        OK(kigumi_store_close(stores[i]));
    }
    locked();
}
