#include <kigumi.h>
#include <stdio.h>
#include <stdlib.h>

static void check(kigumi_status status) {
    if (status == KIGUMI_OK) return;
    fprintf(stderr, "%s\n", kigumi_last_error_message());
    exit(1);
}

int main(void) {
    kigumi_store* store;
    kigumi_txn* tx;
    kigumi_cursor* members;
    const kigumi_entry* entry;
    int64_t sold;

    check(kigumi_store_open("till-1", NULL, &store));
    check(kigumi_write_open(store, NULL, &tx)); /* one atomic, durable transaction */
    check(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text("milk"), NULL));
    check(kigumi_counter_add(tx, kigumi_at("sold"), 2));
    check(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);

    check(kigumi_read_open(store, NULL, &tx)); /* a snapshot */
    check(kigumi_set_members_open(tx, kigumi_at("cart"), &members));
    for (;;) {
        check(kigumi_cursor_next(members, &entry));
        if (entry == NULL) break;
        printf("%.*s\n", (int)entry->value.as.text.size, entry->value.as.text.data);
    }
    kigumi_cursor_close(members);
    check(kigumi_counter_get(tx, kigumi_at("sold"), &sold));
    printf("%d sold\n", (int)sold);
    kigumi_txn_close(tx);
    check(kigumi_store_close(store));
    return 0;
}
