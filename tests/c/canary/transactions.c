#include "canary.h"

static int64_t count_now(kigumi_store* store) {
    kigumi_txn* tx = NULL;
    int64_t sum = -1;
    OK(kigumi_read_open(store, NULL, &tx));
    OK(kigumi_counter_get(tx, kigumi_at("n"), &sum));
    kigumi_txn_close(tx);
    return sum;
}

static void ended(kigumi_txn* tx) {
    int64_t sum = 0;
    REFUSED(kigumi_counter_add(tx, kigumi_at("n"), 1), KIGUMI_INVALID_ARGUMENT, "has ended");
    REFUSED(kigumi_counter_get(tx, kigumi_at("n"), &sum), KIGUMI_INVALID_ARGUMENT, "has ended");
    REFUSED(kigumi_txn_commit(tx), KIGUMI_INVALID_ARGUMENT, "has ended");
    kigumi_txn_close(tx);
}

void transactions(void) {
    kigumi_store* store = open_store("transactions");
    kigumi_store* second = NULL;
    kigumi_txn* snapshot = NULL;
    kigumi_txn* inner = NULL;
    kigumi_txn* tx = NULL;
    int64_t sum = -1;
    OK(kigumi_read_open(store, NULL, &snapshot));
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    REFUSED(kigumi_write_open(store, NULL, &inner), KIGUMI_BUSY, "open already");
    REFUSED(kigumi_store_close(store), KIGUMI_BUSY, "close them first");
    OK(kigumi_txn_commit(tx));
    ended(tx);
    EXPECT(count_now(store) == 1);
    REFUSED(kigumi_bucket_sign(store, NULL), KIGUMI_INVALID_ARGUMENT, "proof");
    OK(kigumi_bucket_sign(store, "signed"));
    OK(kigumi_bucket_sign(store, "signed"));
    OK(kigumi_counter_get(snapshot, kigumi_at("n"), &sum));
    EXPECT(sum == 0);
    REFUSED(kigumi_counter_add(snapshot, kigumi_at("n"), 1), KIGUMI_INVALID_ARGUMENT, "only reads");
    REFUSED(kigumi_txn_commit(snapshot), KIGUMI_INVALID_ARGUMENT, "only reads");
    kigumi_txn_close(snapshot);

    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    kigumi_txn_close(tx);
    EXPECT(count_now(store) == 1);

    /* A refused argument spoils nothing. */
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    REFUSED(kigumi_counter_add(tx, kigumi_at(""), 1), KIGUMI_INVALID_ARGUMENT, "1 to 4,096");
    REFUSED(kigumi_counter_add(tx, kigumi_at("n"), INT64_MAX), KIGUMI_INVALID_ARGUMENT, "range");
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    EXPECT(count_now(store) == 2);

    REFUSED(kigumi_store_open(path_of("transactions"), NULL, &second), KIGUMI_BUSY, "open in this");
    REFUSED(kigumi_read_open(store, "", &tx), KIGUMI_INVALID_ARGUMENT, "bucket");
    OK(kigumi_store_close(store));
    store = open_store("transactions");
    EXPECT(count_now(store) == 2);
    OK(kigumi_store_close(store));
    OK(kigumi_store_close(NULL));
    kigumi_txn_close(NULL);
}
