#include "canary.h"

enum { kMembers = 1000 };

static size_t count_entries(kigumi_cursor* cursor) {
    const kigumi_entry* entry = NULL;
    size_t count = 0;
    for (;;) {
        OK(kigumi_cursor_next(cursor, &entry));
        if (entry == NULL) break;
        ++count;
    }
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(entry == NULL);
    kigumi_cursor_close(cursor);
    return count;
}

static void fill(kigumi_txn* tx) {
    char name[80];
    int i;
    for (i = 0; i < kMembers; ++i) {
        OK(kigumi_set_add(tx, kigumi_at("big"), kigumi_value_int(i), NULL));
        OK(kigumi_set_add(tx, kigumi_in("map", "tags"), kigumi_value_int(i), NULL));
        sprintf(name, "a rather long common beginning, longer than sixty bytes: order/%04d", i);
        OK(kigumi_counter_add(tx, kigumi_at(name), 1));
    }
    OK(kigumi_counter_add(tx, kigumi_in("map", "zero"), 1));
    OK(kigumi_counter_add(tx, kigumi_in("map", ""), 1));
}

static void in_order(kigumi_txn* tx) {
    const kigumi_entry* entry = NULL;
    kigumi_cursor* cursor = NULL;
    int i;
    OK(kigumi_set_members_open(tx, kigumi_at("big"), &cursor));
    for (i = 0; i < kMembers; ++i) {
        OK(kigumi_cursor_next(cursor, &entry));
        EXPECT(entry != NULL && entry->value.kind == KIGUMI_INT && entry->value.as.integer == i);
        EXPECT(entry->type == KIGUMI_NO_TYPE && entry->field.data == NULL);
    }
    EXPECT(count_entries(cursor) == 0);
    OK(kigumi_map_fields_open(tx, kigumi_at("map"), &cursor));
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(entry->field.data != NULL && entry->field.size == 0 && entry->leaf == KIGUMI_COUNTER);
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(text_is(entry->field, "tags") && entry->leaf == KIGUMI_SET);
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(text_is(entry->field, "zero") && entry->leaf == KIGUMI_COUNTER);
    EXPECT(count_entries(cursor) == 0);
}

static void by_prefix(kigumi_txn* tx) {
    kigumi_cursor* cursor = NULL;
    const kigumi_entry* entry = NULL;
    const char* begin = "a rather long common beginning, longer than sixty bytes: order/01";
    OK(kigumi_keys_open(tx, kigumi_slice_of(""), &cursor));
    EXPECT(count_entries(cursor) == kMembers + 2);
    OK(kigumi_keys_open(tx, kigumi_slice_of(begin), &cursor));
    EXPECT(count_entries(cursor) == 100);
    OK(kigumi_keys_open(tx, kigumi_slice_of("b"), &cursor));
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(text_is(entry->key, "big") && entry->type == KIGUMI_SET);
    EXPECT(count_entries(cursor) == 0);
    OK(kigumi_keys_open(tx, kigumi_slice_of("n"), &cursor));
    EXPECT(count_entries(cursor) == 0);
}

/* A cursor of a writing transaction sees what is written ahead of it, once. */
static void while_writing(kigumi_txn* tx) {
    kigumi_cursor* cursor = NULL;
    const kigumi_entry* entry = NULL;
    int seen = 0;
    OK(kigumi_set_members_open(tx, kigumi_at("big"), &cursor));
    for (;;) {
        OK(kigumi_cursor_next(cursor, &entry));
        if (entry == NULL) break;
        if (seen++ == 0) OK(kigumi_set_add(tx, kigumi_at("big"), kigumi_value_int(kMembers), NULL));
        OK(kigumi_set_remove(tx, kigumi_at("big"), entry->value, NULL));
    }
    EXPECT(seen == kMembers + 1);
    kigumi_cursor_close(cursor);
    OK(kigumi_set_members_open(tx, kigumi_at("big"), &cursor));
    EXPECT(count_entries(cursor) == 0);
}

static void conflicts_of_two(kigumi_store* a, kigumi_store* b) {
    const char* bundle = path_of("conflicts.bundle");
    kigumi_store* stores[2];
    kigumi_txn* tx = NULL;
    kigumi_cursor* cursor = NULL;
    const kigumi_entry* entry = NULL;
    int i;
    stores[0] = a;
    stores[1] = b;
    for (i = 0; i < 2; ++i) {
        OK(kigumi_write_open(stores[i], "shop", &tx));
        OK(kigumi_register_assign(tx, kigumi_in("till", "cashier"), kigumi_value_int(i)));
        OK(kigumi_register_assign(tx, kigumi_at("same"), kigumi_value_int(1)));
        OK(kigumi_txn_commit(tx));
        kigumi_txn_close(tx);
    }
    OK(kigumi_bundle_export(b, bundle, NULL, NULL));
    OK(kigumi_bundle_import(a, &bundle, 1, NULL));
    OK(kigumi_read_open(a, "shop", &tx));
    OK(kigumi_conflicts_open(tx, &cursor));
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(text_is(entry->key, "till") && entry->type == KIGUMI_MAP);
    EXPECT(text_is(entry->field, "cashier") && entry->leaf == KIGUMI_REGISTER);
    EXPECT(entry->sibling_count == 2 && entry->value.kind == KIGUMI_ABSENT);
    EXPECT(entry->siblings[0].value.as.integer + entry->siblings[1].value.as.integer == 1);
    EXPECT(count_entries(cursor) == 0);
    kigumi_txn_close(tx);
}

static void buckets(kigumi_store* store) {
    kigumi_cursor* cursor = NULL;
    const kigumi_entry* entry = NULL;
    OK(kigumi_buckets_open(store, &cursor));
    OK(kigumi_cursor_next(cursor, &entry));
    EXPECT(text_is(entry->key, "shop"));
    REFUSED(kigumi_store_close(store), KIGUMI_BUSY, "close them first");
    EXPECT(count_entries(cursor) == 0);
}

void cursors(void) {
    kigumi_store* store = open_store("cursors");
    kigumi_store* other = open_store("cursors-2");
    kigumi_txn* tx = NULL;
    kigumi_cursor* cursor = NULL;
    const kigumi_entry* entry = NULL;
    OK(kigumi_write_open(store, NULL, &tx));
    fill(tx);
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    OK(kigumi_read_open(store, NULL, &tx));
    in_order(tx);
    by_prefix(tx);
    OK(kigumi_set_members_open(tx, kigumi_at("big"), &cursor));
    OK(kigumi_cursor_next(cursor, &entry));
    kigumi_txn_close(tx);
    REFUSED(kigumi_cursor_next(cursor, &entry), KIGUMI_INVALID_ARGUMENT, "has ended");
    kigumi_cursor_close(cursor);
    kigumi_cursor_close(NULL);
    OK(kigumi_write_open(store, NULL, &tx));
    while_writing(tx);
    kigumi_txn_close(tx);
    conflicts_of_two(store, other);
    buckets(other);
    OK(kigumi_store_close(store));
    OK(kigumi_store_close(other));
}
