#include "canary.h"

/* What an application does for each request: the answer of the first time, or the work. */
static int64_t sell(kigumi_store* store, const char* request) {
    kigumi_txn* tx = NULL;
    kigumi_value outcome;
    int64_t sold = 0;
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_request_get(tx, kigumi_slice_of(request), &outcome));
    if (outcome.kind == KIGUMI_ABSENT) {
        OK(kigumi_counter_add(tx, kigumi_at("sold"), 1));
        OK(kigumi_counter_get(tx, kigumi_at("sold"), &sold));
        OK(kigumi_request_record(tx, kigumi_slice_of(request), kigumi_value_int(sold)));
        OK(kigumi_txn_commit(tx));
    } else {
        sold = outcome.as.integer;
    }
    kigumi_txn_close(tx);
    return sold;
}

void requests(void) {
    kigumi_store* store = open_store("requests");
    kigumi_txn* tx = NULL;
    int64_t sold = 0;
    EXPECT(sell(store, "sale-1") == 1);
    EXPECT(sell(store, "sale-2") == 2);
    EXPECT(sell(store, "sale-1") == 1);

    /* Work that was done without looking first cannot be committed. */
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("sold"), 1));
    REFUSED(kigumi_request_record(tx, kigumi_slice_of("sale-1"), kigumi_value_nil()),
            KIGUMI_INVALID_ARGUMENT, "executed before");
    REFUSED(kigumi_txn_commit(tx), KIGUMI_INVALID_ARGUMENT, "begin again");
    kigumi_txn_close(tx);

    OK(kigumi_write_open(store, NULL, &tx));
    REFUSED(kigumi_request_record(tx, kigumi_slice_of(""), kigumi_value_nil()),
            KIGUMI_INVALID_ARGUMENT, "1 to 128");
    kigumi_txn_close(tx);
    OK(kigumi_read_open(store, NULL, &tx));
    OK(kigumi_counter_get(tx, kigumi_at("sold"), &sold));
    EXPECT(sold == 2);
    kigumi_txn_close(tx);
    OK(kigumi_store_close(store));
}
