#include "canary.h"

static void write_all(kigumi_txn* tx) {
    bool told = false;
    OK(kigumi_register_assign(tx, kigumi_at("name"), kigumi_value_text("Ada")));
    OK(kigumi_counter_add(tx, kigumi_at("hits"), 5));
    OK(kigumi_counter_add(tx, kigumi_at("hits"), -2));
    OK(kigumi_flag_set(tx, kigumi_at("open"), true));
    OK(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text("milk"), &told));
    EXPECT(told);
    OK(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text("milk"), &told));
    EXPECT(!told);
    OK(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_int(7), NULL));
    OK(kigumi_register_assign(tx, kigumi_in("till", "cashier"), kigumi_value_text("Bo")));
    OK(kigumi_counter_add(tx, kigumi_in("till", "sold"), 3));
    OK(kigumi_set_add(tx, kigumi_in("till", "tags"), kigumi_value_text("new"), NULL));
}

static void read_all(kigumi_txn* tx) {
    kigumi_value value;
    int64_t sum = 0;
    bool told = false;
    uint64_t size = 0;
    kigumi_types held = 0;
    OK(kigumi_register_get(tx, kigumi_at("name"), &value));
    EXPECT(value.kind == KIGUMI_TEXT && text_is(value.as.text, "Ada"));
    OK(kigumi_register_get(tx, kigumi_at("nobody"), &value));
    EXPECT(value.kind == KIGUMI_ABSENT);
    OK(kigumi_counter_get(tx, kigumi_at("hits"), &sum));
    EXPECT(sum == 3);
    OK(kigumi_flag_get(tx, kigumi_at("open"), KIGUMI_ENABLE_WINS, &told));
    EXPECT(told);
    OK(kigumi_flag_get(tx, kigumi_at("open"), KIGUMI_DISABLE_WINS, &told));
    EXPECT(told);
    OK(kigumi_flag_get(tx, kigumi_at("shut"), KIGUMI_DISABLE_WINS, &told));
    EXPECT(!told);
    OK(kigumi_set_contains(tx, kigumi_at("cart"), kigumi_value_int(7), &told));
    EXPECT(told);
    OK(kigumi_set_contains(tx, kigumi_at("cart"), kigumi_value_double(7), &told));
    EXPECT(!told);
    OK(kigumi_set_size(tx, kigumi_at("cart"), &size));
    EXPECT(size == 2);
    OK(kigumi_register_get(tx, kigumi_in("till", "cashier"), &value));
    EXPECT(value.kind == KIGUMI_TEXT && text_is(value.as.text, "Bo"));
    OK(kigumi_counter_get(tx, kigumi_in("till", "sold"), &sum));
    EXPECT(sum == 3);
    OK(kigumi_set_contains(tx, kigumi_in("till", "tags"), kigumi_value_text("new"), &told));
    EXPECT(told);
    OK(kigumi_types_get(tx, kigumi_at("till"), &held));
    EXPECT(held == 1U << KIGUMI_MAP);
    OK(kigumi_types_get(tx, kigumi_in("till", "sold"), &held));
    EXPECT(held == 1U << KIGUMI_COUNTER);
    OK(kigumi_types_get(tx, kigumi_at("nobody"), &held));
    EXPECT(held == 0);
}

static void remove_all(kigumi_txn* tx) {
    kigumi_types held = 0;
    int64_t sum = 1;
    bool told = false;
    OK(kigumi_register_remove(tx, kigumi_at("name"), &told));
    EXPECT(told);
    OK(kigumi_register_remove(tx, kigumi_at("name"), &told));
    EXPECT(!told);
    OK(kigumi_counter_reset(tx, kigumi_at("hits")));
    OK(kigumi_counter_get(tx, kigumi_at("hits"), &sum));
    EXPECT(sum == 0);
    OK(kigumi_set_remove(tx, kigumi_at("cart"), kigumi_value_int(7), &told));
    EXPECT(told);
    OK(kigumi_map_remove(tx, kigumi_in("till", "tags"), &told));
    EXPECT(told);
    OK(kigumi_object_remove(tx, kigumi_at("till"), KIGUMI_MAP, NULL));
    OK(kigumi_object_remove(tx, kigumi_at("open"), KIGUMI_NO_TYPE, &told));
    EXPECT(told);
    OK(kigumi_types_get(tx, kigumi_at("till"), &held));
    EXPECT(held == 0);
}

static void siblings_of_two(kigumi_store* a, kigumi_store* b) {
    const char* bundle = path_of("siblings.bundle");
    const kigumi_sibling* siblings = NULL;
    kigumi_txn* tx = NULL;
    size_t count = 0;
    kigumi_value value;
    OK(kigumi_write_open(b, NULL, &tx));
    OK(kigumi_register_assign(tx, kigumi_at("price"), kigumi_value_int(12)));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    OK(kigumi_bundle_export(b, bundle, NULL, NULL));
    OK(kigumi_write_open(a, NULL, &tx));
    OK(kigumi_register_assign(tx, kigumi_at("price"), kigumi_value_int(10)));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    OK(kigumi_bundle_import(a, &bundle, 1, NULL));

    OK(kigumi_write_open(a, NULL, &tx));
    OK(kigumi_register_siblings(tx, kigumi_at("price"), &siblings, &count));
    EXPECT(count == 2 && !siblings[0].removed && siblings[0].time_ms > 0);
    EXPECT(siblings[0].value.as.integer + siblings[1].value.as.integer == 22);
    EXPECT(memcmp(&siblings[0].replica, &siblings[1].replica, sizeof(kigumi_replica)) != 0);
    OK(kigumi_register_assign(tx, kigumi_at("price"), kigumi_value_int(11)));
    OK(kigumi_register_siblings(tx, kigumi_at("price"), &siblings, &count));
    EXPECT(count == 1);
    OK(kigumi_register_get(tx, kigumi_at("price"), &value));
    EXPECT(value.kind == KIGUMI_INT && value.as.integer == 11);
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
}

void types(void) {
    kigumi_store* store = open_store("types");
    kigumi_store* other = open_store("types-2");
    kigumi_txn* tx = NULL;
    OK(kigumi_write_open(store, NULL, &tx));
    write_all(tx);
    read_all(tx);
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    OK(kigumi_read_open(store, "default", &tx));
    read_all(tx);
    kigumi_txn_close(tx);
    OK(kigumi_write_open(store, NULL, &tx));
    remove_all(tx);
    kigumi_txn_close(tx);
    siblings_of_two(store, other);
    OK(kigumi_store_close(store));
    OK(kigumi_store_close(other));
}
