#include "canary.h"

/* {"list": [nil, true, 1.5, bytes], "name": "Ada"}, in the other order. */
static kigumi_value nested(kigumi_value items[4], kigumi_member members[2]) {
    items[0] = kigumi_value_nil();
    items[1] = kigumi_value_bool(true);
    items[2] = kigumi_value_double(1.5);
    items[3] = kigumi_value_bytes("\0\1", 2);
    members[0].name = kigumi_slice_of("name");
    members[0].value = kigumi_value_text("Ada");
    members[1].name = kigumi_slice_of("list");
    members[1].value = kigumi_value_array(items, 4);
    return kigumi_value_object(members, 2);
}

static void expect_nested(kigumi_value value) {
    const kigumi_member* members = value.as.object.members;
    const kigumi_value* items;
    EXPECT(value.kind == KIGUMI_OBJECT && value.as.object.size == 2);
    EXPECT(text_is(members[0].name, "list") && text_is(members[1].name, "name"));
    EXPECT(text_is(members[1].value.as.text, "Ada"));
    items = members[0].value.as.array.items;
    EXPECT(members[0].value.kind == KIGUMI_ARRAY && members[0].value.as.array.size == 4);
    EXPECT(items[0].kind == KIGUMI_NIL);
    EXPECT(items[1].kind == KIGUMI_BOOL && items[1].as.boolean);
    EXPECT(items[2].kind == KIGUMI_DOUBLE && items[2].as.number == 1.5);
    EXPECT(items[3].kind == KIGUMI_BYTES && items[3].as.bytes.size == 2);
    EXPECT(memcmp(items[3].as.bytes.data, "\0\1", 2) == 0);
}

static void refused(kigumi_txn* tx, kigumi_value value, const char* why) {
    REFUSED(kigumi_register_assign(tx, kigumi_at("doc"), value), KIGUMI_INVALID_ARGUMENT, why);
}

static void refusals(kigumi_txn* tx) {
    kigumi_value self;
    kigumi_value items[4];
    kigumi_member members[2];
    kigumi_value value = nested(items, members);
    memset(&self, 0, sizeof self);
    refused(tx, self, "no kind");
    self.kind = (kigumi_kind)99;
    refused(tx, self, "no kind");
    self = kigumi_value_array(&self, 1);
    refused(tx, self, "deeper than 16");
    members[1].name = members[0].name;
    refused(tx, value, "\"name\" twice");
    refused(tx, kigumi_value_text("\xff"), "not UTF-8");
    refused(tx, kigumi_value_bytes(NULL, 3), "no data");
    refused(tx, kigumi_value_bytes("", (size_t)-1), "1 MiB");
}

void values(void) {
    kigumi_store* store = open_store("values");
    kigumi_txn* tx = NULL;
    kigumi_value items[4];
    kigumi_member members[2];
    kigumi_value value;
    kigumi_value* copy = NULL;
    kigumi_value* again = NULL;
    char* json = NULL;
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_register_assign(tx, kigumi_at("doc"), nested(items, members)));
    refusals(tx);
    OK(kigumi_register_get(tx, kigumi_at("doc"), &value));
    expect_nested(value);
    OK(kigumi_value_copy(value, &copy));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
    expect_nested(*copy);
    OK(kigumi_value_to_json_copy(*copy, &json));
    EXPECT(strcmp(json, "{\"list\":[null,true,1.5,{\"$bytes\":\"0001\"}],\"name\":\"Ada\"}") == 0);
    OK(kigumi_value_from_json_copy(kigumi_slice_of(json), &again));
    expect_nested(*again);
    kigumi_free(again);
    kigumi_free(copy);
    kigumi_free(json);
    kigumi_free(NULL);
    REFUSED(kigumi_value_from_json_copy(kigumi_slice_of("[1,"), &again), KIGUMI_INVALID_ARGUMENT,
            "");
    OK(kigumi_store_close(store));
}
