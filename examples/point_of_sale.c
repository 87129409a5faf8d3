#include <kigumi.h>
#include <stdio.h>
#include <stdlib.h>

/* A shop that sells without a network: two tills and a back office, each with a store of its own.
 * point_of_sale.cpp in C: stock is counted, carts are sets, settings a map. */

enum { kTill1, kTill2, kOffice, kStores };

static void check(kigumi_status status) {
    if (status == KIGUMI_OK) return;
    fprintf(stderr, "%s: %s\n", kigumi_status_name(status), kigumi_last_error_message());
    exit(1);
}

static kigumi_txn* begin(kigumi_store* store) {
    kigumi_txn* tx = NULL;
    check(kigumi_write_open(store, NULL, &tx));
    return tx;
}

/* All that was written or nothing, durable when this returns. */
static void commit(kigumi_txn* tx) {
    check(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
}

/* Sells one piece. The till may ask twice, if it has not seen the answer: the sale counts once. */
static void sell(kigumi_store* till, const char* receipt, const char* article) {
    kigumi_txn* tx = begin(till);
    kigumi_value before;
    check(kigumi_request_get(tx, kigumi_slice_of(receipt), &before));
    if (before.kind == KIGUMI_ABSENT) {
        check(kigumi_counter_add(tx, kigumi_in("stock", article), -1));
        check(kigumi_counter_add(tx, kigumi_at("sold"), 1));
        check(kigumi_request_record(tx, kigumi_slice_of(receipt), kigumi_value_text(article)));
    }
    commit(tx);
}

static void cart(kigumi_store* till, const char* article, bool there) {
    kigumi_txn* tx = begin(till);
    if (there)
        check(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text(article), NULL));
    else
        check(kigumi_set_remove(tx, kigumi_at("cart"), kigumi_value_text(article), NULL));
    commit(tx);
}

static void close_at(kigumi_txn* tx, const char* time) {
    check(kigumi_register_assign(tx, kigumi_in("settings", "closes"), kigumi_value_text(time)));
}

/* The network is there: each runs a node, until all have what any of them has. */
static void meet(kigumi_store** shop) {
    kigumi_node* nodes[kStores];
    const char* addresses[kStores];
    kigumi_token* everything = NULL;
    kigumi_txn* tx = NULL;
    int i;
    check(kigumi_token_open(kigumi_slice_of(""), &everything));
    for (i = 0; i < kStores; ++i) {
        kigumi_node_options options = kigumi_node_options_default();
        check(kigumi_read_open(shop[i], NULL, &tx));
        check(kigumi_token_observe(everything, tx));
        kigumi_txn_close(tx);
        options.listen = "127.0.0.1:*";
        options.peers = addresses;
        options.peer_count = (size_t)i;
        options.insecure = true; /* plain text, on loopback only */
        check(kigumi_node_start(shop[i], &options, &nodes[i]));
        addresses[i] = kigumi_node_address(nodes[i]);
    }
    for (i = 0; i < kStores; ++i) {
        check(kigumi_read_open_at_least(shop[i], NULL, everything, -1, &tx));
        kigumi_txn_close(tx);
    }
    for (i = 0; i < kStores; ++i) kigumi_node_stop(nodes[i]);
    kigumi_token_close(everything);
}

static void print_value(kigumi_value value) {
    char* json = NULL;
    check(kigumi_value_to_json_copy(value, &json));
    printf("%s", json);
    kigumi_free(json);
}

static void print(const char* who, kigumi_store* store) {
    kigumi_txn* tx = NULL;
    kigumi_cursor* items = NULL;
    const kigumi_entry* item = NULL;
    kigumi_value closes;
    int64_t milk = 0;
    int64_t sold = 0;
    check(kigumi_read_open(store, NULL, &tx));
    check(kigumi_counter_get(tx, kigumi_in("stock", "milk"), &milk));
    check(kigumi_counter_get(tx, kigumi_at("sold"), &sold));
    printf("%s: %lld milk, %lld sold, cart", who, (long long)milk, (long long)sold);
    check(kigumi_set_members_open(tx, kigumi_at("cart"), &items));
    for (;;) {
        check(kigumi_cursor_next(items, &item));
        if (item == NULL) break;
        printf(" ");
        print_value(item->value);
    }
    kigumi_cursor_close(items);
    check(kigumi_register_get(tx, kigumi_in("settings", "closes"), &closes));
    printf(", closes ");
    print_value(closes);
    printf("\n");
    kigumi_txn_close(tx);
}

int main(void) {
    const char* const names[kStores] = {"till-1", "till-2", "office"};
    kigumi_store* shop[kStores];
    kigumi_txn* tx = NULL;
    int i;
    for (i = 0; i < kStores; ++i) check(kigumi_store_open(names[i], NULL, &shop[i]));
    tx = begin(shop[kOffice]);
    check(kigumi_counter_add(tx, kigumi_in("stock", "milk"), 10));
    close_at(tx, "18:00");
    commit(tx);
    cart(shop[kTill1], "eggs", true);
    meet(shop);
    print("before", shop[kTill2]);

    /* Nobody sees anybody now. */
    sell(shop[kTill1], "receipt-1", "milk");
    sell(shop[kTill1], "receipt-1", "milk"); /* asked again */
    sell(shop[kTill2], "receipt-2", "milk");
    cart(shop[kTill1], "eggs", false);
    cart(shop[kTill2], "eggs", true); /* wins over the removal */
    tx = begin(shop[kOffice]);
    close_at(tx, "20:00");
    commit(tx);
    print("till 1 alone", shop[kTill1]);
    print("till 2 alone", shop[kTill2]);

    meet(shop);
    print("till 1", shop[kTill1]);
    print("till 2", shop[kTill2]);
    print("office", shop[kOffice]);
    for (i = 0; i < kStores; ++i) check(kigumi_store_close(shop[i]));
    return 0;
}
