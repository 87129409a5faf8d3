/* poll */
#define _XOPEN_SOURCE 700

#include <poll.h>

#include "canary.h"

static void write_to(kigumi_store* store, const char* bucket) {
    kigumi_txn* tx = NULL;
    OK(kigumi_write_open(store, bucket, &tx));
    OK(kigumi_counter_add(tx, kigumi_at("n"), 1));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
}

void watches(void) {
    kigumi_store* store = open_store("watches");
    kigumi_watch* watch = NULL;
    struct pollfd readable;
    bool changed = true;
    OK(kigumi_watch_open(store, NULL, &watch));
    OK(kigumi_watch_take(watch, &changed));
    EXPECT(!changed);
    readable.fd = kigumi_watch_fd(watch);
    readable.events = POLLIN;
    write_to(store, NULL);
    EXPECT(poll(&readable, 1, 60000) == 1);
    OK(kigumi_watch_take(watch, &changed));
    EXPECT(changed);
    write_to(store, "another bucket");
    OK(kigumi_watch_wait(watch, 0, &changed));
    EXPECT(!changed);
    write_to(store, NULL);
    OK(kigumi_watch_wait(watch, -1, &changed));
    EXPECT(changed);
    OK(kigumi_watch_wait(watch, 50, &changed));
    EXPECT(!changed);
    REFUSED(kigumi_store_close(store), KIGUMI_BUSY, "close them first");
    kigumi_watch_close(watch);
    kigumi_watch_close(NULL);
    EXPECT(kigumi_watch_fd(NULL) == -1);
    OK(kigumi_store_close(store));
}
