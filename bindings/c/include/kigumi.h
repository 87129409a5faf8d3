/*
 * Kigumi for C: a replicated store of registers, counters, flags, sets and maps.
 *
 *     kigumi_store* store;
 *     kigumi_txn* tx;
 *     if (kigumi_store_open("till-1", NULL, &store) != KIGUMI_OK) return fail();
 *     if (kigumi_write_open(store, NULL, &tx) != KIGUMI_OK) return fail();
 *     kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text("milk"), NULL);
 *     kigumi_counter_add(tx, kigumi_at("sold"), 2);
 *     if (kigumi_txn_commit(tx) != KIGUMI_OK) return fail();   // durable from here on
 *     kigumi_txn_close(tx);
 *     kigumi_store_close(store);
 *
 * This header is the reference manual. Rules that hold everywhere:
 *
 * Errors: a call that can fail returns a kigumi_status. On an error its out-parameters are left as
 * they were, and kigumi_last_error_message() says in one sentence what was wrong and what to do. A
 * null handle, a null out-parameter that is not called optional, a transaction that has ended, and
 * text that is not UTF-8 give KIGUMI_INVALID_ARGUMENT. No call exits, aborts or throws.
 *
 * Ownership: `_open` is undone by `_close`, `_start` by `_stop`; closing NULL does nothing. A
 * handle is gone after that and must not be used again. What `_copy` gives is released by
 * kigumi_free(). All else is borrowed: from a transaction or a cursor until the next call with the
 * same one. What the caller passes in is only read during the call.
 *
 * Threads: a store and a node may be used by any threads at once. A transaction with its cursors,
 * and a watch, belong to one thread at a time. After fork() the child may not use what was open.
 *
 * Growth: structs that begin with `struct_size` grow at their end; set it to the size that you were
 * compiled with (the `_default` functions do). Numbers of enumerations never change meaning.
 */
#ifndef KIGUMI_H
#define KIGUMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define KIGUMI_API __attribute__((visibility("default")))
#define KIGUMI_MUST_USE __attribute__((warn_unused_result))
#else
#define KIGUMI_API
#define KIGUMI_MUST_USE
#endif

#ifdef __cplusplus
/* Any number may come from C. */
#define KIGUMI_ENUM_INT : int
extern "C" {
#else
#define KIGUMI_ENUM_INT
#endif

/* ---- Errors ---------------------------------------------------------------------------------- */

/* What a caller can react to. The detail is in the message. */
typedef enum kigumi_status KIGUMI_ENUM_INT {
    KIGUMI_OK = 0,
    KIGUMI_INVALID_ARGUMENT = 1, /* the input is wrong; the message says what and what to do */
    KIGUMI_NOT_FOUND = 2,        /* what was named does not exist */
    KIGUMI_CORRUPT = 3,          /* stored or received bytes do not check out */
    KIGUMI_UNSUPPORTED = 4,      /* written by another format version */
    KIGUMI_FULL = 5,             /* a disk, or a stated limit, is used up; nothing was written */
    KIGUMI_BUSY = 6,             /* another process, thread or handle holds it; try again */
    KIGUMI_IO = 7,               /* the operating system or the network failed */
    KIGUMI_NO_MEMORY = 8,        /* memory is used up; nothing was written */
    KIGUMI_INTERNAL = 9,         /* a defect of this library; please report the message */
    KIGUMI_NOT_YET = 10,         /* what was waited for has not come in time; it may come later */
} kigumi_status;

/* "ok", "invalid_argument" …; "unknown" for any other number. Never freed. */
KIGUMI_API const char* kigumi_status_name(kigumi_status status);

/* Why the last call of this thread that failed did: UTF-8, never NULL, empty if none has failed.
 * Valid until the next call of this thread fails. */
KIGUMI_API const char* kigumi_last_error_message(void);

/* The version of the library that runs, such as "0.1.0". Never freed. */
KIGUMI_API const char* kigumi_version(void);

/* Releases what a `_copy` function gave. NULL does nothing. */
KIGUMI_API void kigumi_free(void* copied);

/* ---- Text, places and values ----------------------------------------------------------------- */

/* Bytes with their length; no terminator is needed. `data` may be NULL if `size` is 0. */
typedef struct kigumi_slice {
    const char* data;
    size_t size;
} kigumi_slice;

/* The types that an object, or a field of a map, can have. A key names one object of each type:
 * the set "a" and the counter "a" are different objects. */
typedef enum kigumi_type KIGUMI_ENUM_INT {
    KIGUMI_NO_TYPE = 0,
    KIGUMI_REGISTER = 1,
    KIGUMI_FLAG = 2,
    KIGUMI_SET = 3,
    KIGUMI_MAP = 4,
    KIGUMI_COUNTER = 5,
} kigumi_type;

/* Which object is meant: the one under `key` (1 to 4,096 bytes), or, if `field.data` is not NULL,
 * that field (UTF-8) of the map under `key`. Fields are registers, counters and sets. */
typedef struct kigumi_place {
    kigumi_slice key;
    kigumi_slice field;
} kigumi_place;

typedef enum kigumi_kind KIGUMI_ENUM_INT {
    KIGUMI_ABSENT = 0, /* nothing there: only ever read, never written */
    KIGUMI_NIL = 1,
    KIGUMI_BOOL = 2,
    KIGUMI_INT = 3,
    KIGUMI_DOUBLE = 4,
    KIGUMI_TEXT = 5, /* UTF-8 */
    KIGUMI_BYTES = 6,
    KIGUMI_ARRAY = 7,
    KIGUMI_OBJECT = 8,
} kigumi_kind;

typedef struct kigumi_value kigumi_value;
typedef struct kigumi_member kigumi_member;

/* A value as plain data: whoever builds one points into memory of their own, nested values
 * included. At most 1 MiB when encoded, arrays and objects nested at most 16 deep. 1 and 1.0
 * differ. Objects come back sorted by name; a name that stands twice is refused. */
struct kigumi_value {
    kigumi_kind kind; /* says which of `as` counts */
    union {
        bool boolean;
        int64_t integer;
        double number;
        kigumi_slice text;
        kigumi_slice bytes;
        struct {
            const kigumi_value* items;
            size_t size;
        } array;
        struct {
            const kigumi_member* members;
            size_t size;
        } object;
    } as;
};

struct kigumi_member {
    kigumi_slice name;
    kigumi_value value;
};

static inline kigumi_slice kigumi_slice_of(const char* text) {
    kigumi_slice slice = {text, 0};
    if (text != NULL) slice.size = strlen(text);
    return slice;
}

/* The object under a key. */
static inline kigumi_place kigumi_at(const char* key) {
    kigumi_place place = {{NULL, 0}, {NULL, 0}};
    place.key = kigumi_slice_of(key);
    return place;
}

/* The field of a map. */
static inline kigumi_place kigumi_in(const char* map, const char* field) {
    kigumi_place place = kigumi_at(map);
    place.field = kigumi_slice_of(field);
    return place;
}

static inline kigumi_value kigumi_value_nil(void) {
    kigumi_value value;
    memset(&value, 0, sizeof value);
    value.kind = KIGUMI_NIL;
    return value;
}

static inline kigumi_value kigumi_value_bool(bool boolean) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_BOOL;
    value.as.boolean = boolean;
    return value;
}

static inline kigumi_value kigumi_value_int(int64_t integer) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_INT;
    value.as.integer = integer;
    return value;
}

static inline kigumi_value kigumi_value_double(double number) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_DOUBLE;
    value.as.number = number;
    return value;
}

static inline kigumi_value kigumi_value_text(const char* text) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_TEXT;
    value.as.text = kigumi_slice_of(text);
    return value;
}

static inline kigumi_value kigumi_value_bytes(const void* data, size_t size) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_BYTES;
    value.as.bytes.data = (const char*)data;
    value.as.bytes.size = size;
    return value;
}

static inline kigumi_value kigumi_value_array(const kigumi_value* items, size_t size) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_ARRAY;
    value.as.array.items = items;
    value.as.array.size = size;
    return value;
}

static inline kigumi_value kigumi_value_object(const kigumi_member* members, size_t size) {
    kigumi_value value = kigumi_value_nil();
    value.kind = KIGUMI_OBJECT;
    value.as.object.members = members;
    value.as.object.size = size;
    return value;
}

/* Copies a value with all that it refers to into one block. O(size). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_value_copy(kigumi_value value, kigumi_value** copy);

/* The value as JSON on one line, terminated by a zero byte; bytes become {"$bytes": "<hex>"}. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_value_to_json_copy(kigumi_value value, char** json);

/* The value that a JSON text stands for, in one block. Integers become KIGUMI_INT, other numbers
 * KIGUMI_DOUBLE. Errors name the position. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_value_from_json_copy(kigumi_slice json,
                                                                     kigumi_value** copy);

/* The name of a replica: 16 random bytes. */
typedef struct kigumi_replica {
    uint8_t bytes[16];
} kigumi_replica;

/* One of the concurrent writes that survive in a register. */
typedef struct kigumi_sibling {
    kigumi_replica replica; /* who wrote it */
    uint64_t counter;       /* the number of that write, by its replica */
    uint64_t time_ms;       /* when, by the writer's hybrid clock, ms since 1970 */
    bool removed;           /* it is a removal; `value` is KIGUMI_ABSENT */
    kigumi_value value;
} kigumi_sibling;

/* ---- Stores ---------------------------------------------------------------------------------- */

/* A node's store: an LMDB environment in a directory, shared by the processes of the node. */
typedef struct kigumi_store kigumi_store;

typedef struct kigumi_store_options {
    size_t struct_size;
    uint64_t map_bytes;      /* address space reserved at first; 0: 64 GiB. It grows by itself */
    uint64_t min_free_bytes; /* writes are KIGUMI_FULL while the disk has less; 0: 64 MiB */
} kigumi_store_options;

static inline kigumi_store_options kigumi_store_options_default(void) {
    kigumi_store_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/* Opens the store in a directory, which is created (with a new replica identity) if it does not
 * exist. `options` may be NULL. A store that was copied or went back in time takes a new identity.
 * Open a directory once per process: a second time is KIGUMI_BUSY. Not on network file systems. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_store_open(const char* directory,
                                                           const kigumi_store_options* options,
                                                           kigumi_store** store);

/* Closes the store; KIGUMI_BUSY, and it stays open, while it has transactions, nodes or watches. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_store_close(kigumi_store* store);

/* The identity that the next write will bear. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_store_replica(kigumi_store* store,
                                                              kigumi_replica* replica);

/* The store's directory, as it was given; borrowed from the store. NULL for a null store. */
KIGUMI_API const char* kigumi_store_directory(const kigumi_store* store);

/* What the store holds and knows of its peers, as one JSON object: `replica`, `renewed`,
 * `directory`, `buckets`, `bucket`, `version`, `peers` (with `lag` in events), `file_bytes`,
 * `map_bytes`. `bucket` may be NULL. Members may be added. O(peers). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_store_status_copy(kigumi_store* store,
                                                                  const char* bucket, char** json);

/* Makes the bucket signed here, for good: its writes bear proofs of who made them, and those of
 * others are taken only with theirs, whoever brings them. Every master that writes to the bucket
 * has to do so, before the first write. It does nothing if it was done. KIGUMI_INVALID_ARGUMENT if
 * the bucket holds a write without a proof, KIGUMI_BUSY for a moment after a large pull. Writing
 * costs some 15 us more then, and taking over 60. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_bucket_sign(kigumi_store* store,
                                                            const char* bucket);

/* ---- Transactions ---------------------------------------------------------------------------- */

/* A snapshot to read, or a transaction that writes and reads its own writes; of one bucket. A
 * bucket is a replication domain with a name of 1 to 255 bytes; NULL stands for "default". */
typedef struct kigumi_txn kigumi_txn;

/* A snapshot of the bucket, empty if it does not exist. Keep it short (a second): pages that it
 * sees on disk cannot be reused. Never waits for writers. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_read_open(kigumi_store* store, const char* bucket,
                                                          kigumi_txn** txn);

/* Waits for its turn to write. Keep it short: every other writer of the environment waits. A thread
 * that has one open already gets KIGUMI_BUSY. At most 64 MiB are written by one transaction. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_write_open(kigumi_store* store, const char* bucket,
                                                           kigumi_txn** txn);

/* Makes all writes durable and visible, together; returns after the fsync, which concurrent writers
 * share. On an error nothing was kept. Either way the transaction has ended and is to be closed.
 * It fails if an earlier write of it failed with anything but KIGUMI_INVALID_ARGUMENT. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_txn_commit(kigumi_txn* txn);

/* Ends a transaction; one that was not committed changes nothing. */
KIGUMI_API void kigumi_txn_close(kigumi_txn* txn);

/* ---- Registers: any value; concurrent writes are kept ---------------------------------------- */

/* The last writer's value; KIGUMI_ABSENT if there is none. O(log n). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_register_get(kigumi_txn* txn, kigumi_place at,
                                                             kigumi_value* value);

/* Every concurrent write, removals included, the last one first. Resolve them by writing what they
 * mean together: an assignment replaces all that its transaction saw. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_register_siblings(kigumi_txn* txn, kigumi_place at,
                                                                  const kigumi_sibling** siblings,
                                                                  size_t* count);

/* Writes a value, which replaces every sibling that this replica has seen. O(log n). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_register_assign(kigumi_txn* txn, kigumi_place at,
                                                                kigumi_value value);

/* Removes the value. `was_there` is optional. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_register_remove(kigumi_txn* txn, kigumi_place at,
                                                                bool* was_there);

/* ---- Counters: up and down, with an exact reset ---------------------------------------------- */

/* The sum as this replica knows it; 0 if there is none. Held at the ends of int64_t. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_counter_get(kigumi_txn* txn, kigumi_place at,
                                                            int64_t* sum);

/* Adds `amount`, which may be negative. KIGUMI_INVALID_ARGUMENT if the sum would leave int64_t. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_counter_add(kigumi_txn* txn, kigumi_place at,
                                                            int64_t amount);

/* Takes back what this replica has seen; an addition concurrent with it survives. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_counter_reset(kigumi_txn* txn, kigumi_place at);

/* ---- Flags ----------------------------------------------------------------------------------- */

/* How a flag reads while concurrent writes disagree. */
typedef enum kigumi_flag_policy KIGUMI_ENUM_INT {
    KIGUMI_ENABLE_WINS = 0,
    KIGUMI_DISABLE_WINS = 1,
} kigumi_flag_policy;

/* Whether the flag is on; false if it was never written. `at` has no field: maps hold no flags. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_flag_get(kigumi_txn* txn, kigumi_place at,
                                                         kigumi_flag_policy policy, bool* enabled);

KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_flag_set(kigumi_txn* txn, kigumi_place at,
                                                         bool enabled);

/* ---- Sets: a concurrent add and remove leave the member there -------------------------------- */

/* O(log n), however large the set is. The member may have at most 64 KiB. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_set_contains(kigumi_txn* txn, kigumi_place at,
                                                             kigumi_value member, bool* contained);

/* Adds a member. `is_new` is optional: whether it was not there before. O(log n). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_set_add(kigumi_txn* txn, kigumi_place at,
                                                        kigumi_value member, bool* is_new);

/* Removes a member. `was_there` is optional. O(log n). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_set_remove(kigumi_txn* txn, kigumi_place at,
                                                           kigumi_value member, bool* was_there);

/* The number of members, counted. O(n). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_set_size(kigumi_txn* txn, kigumi_place at,
                                                         uint64_t* size);

/* ---- Maps: fields are registers, counters and sets (see kigumi_in) --------------------------- */

/* Removes all that this replica sees in a field; what others add meanwhile survives. `was_there` is
 * optional. O(rows of the field). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_map_remove(kigumi_txn* txn, kigumi_place field,
                                                           bool* was_there);

/* ---- Keys ------------------------------------------------------------------------------------ */

/* A set of types: the bit (1 << type) stands for each. */
typedef uint32_t kigumi_types;

/* The types of what exists at a place: 0 if nothing does. O(log n), for a field O(its rows). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_types_get(kigumi_txn* txn, kigumi_place at,
                                                          kigumi_types* types);

/* Removes the object of that type under the key of `at`, or of every type for KIGUMI_NO_TYPE.
 * Counters are reset. `was_there` is optional. O(rows of the object). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_object_remove(kigumi_txn* txn, kigumi_place at,
                                                              kigumi_type type, bool* was_there);

/* ---- Cursors --------------------------------------------------------------------------------- */

/* Goes through what a transaction shows, some hundred entries in memory at a time. Once its
 * transaction has ended it gives KIGUMI_INVALID_ARGUMENT. Writes behind a cursor of a writing
 * transaction do not disturb it; those ahead of it appear. */
typedef struct kigumi_cursor kigumi_cursor;

/* Which members count depends on the cursor; the others are zero. Members may be added. */
typedef struct kigumi_entry {
    kigumi_slice key;
    kigumi_type type;
    kigumi_slice field; /* of a map; `data` is NULL if it is about no field */
    kigumi_type leaf;   /* the type of the field */
    kigumi_value value; /* the set's member */
    const kigumi_sibling* siblings;
    size_t sibling_count;
} kigumi_entry;

/* The next entry, borrowed until the next call with the cursor; NULL at the end. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_cursor_next(kigumi_cursor* cursor,
                                                            const kigumi_entry** entry);
KIGUMI_API void kigumi_cursor_close(kigumi_cursor* cursor);

/* The objects whose keys begin with `prefix` (empty: all), by key and type; `key`, `type`. Cost:
 * O(those that are visited, and rows that were removed). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_keys_open(kigumi_txn* txn, kigumi_slice prefix,
                                                          kigumi_cursor** cursor);

/* The members of a set, in order; `value`. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_set_members_open(kigumi_txn* txn, kigumi_place at,
                                                                 kigumi_cursor** cursor);

/* The fields of the map under the key of `at`, in order, once for each type they have; `field`,
 * `leaf`. O(rows of the map). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_map_fields_open(kigumi_txn* txn, kigumi_place at,
                                                                kigumi_cursor** cursor);

/* Where concurrent writes disagree: `key`, `type`, for maps `field` and `leaf`, for sets `value`,
 * and the `siblings`, the last one first. O(rows of the bucket). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_conflicts_open(kigumi_txn* txn,
                                                               kigumi_cursor** cursor);

/* The names of the store's buckets, sorted; `key`. It holds on to the store like a transaction. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_buckets_open(kigumi_store* store,
                                                             kigumi_cursor** cursor);

/* ---- Requests: a retry counts once ----------------------------------------------------------- */

/* The recorded outcome of the request of that id (UTF-8 of 1 to 128 bytes); KIGUMI_ABSENT if it is
 * not known here, so that its work is to be done. Two replicas that have not seen each other's
 * execution both execute. A request is remembered for a day at least. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_request_get(kigumi_txn* txn, kigumi_slice id,
                                                            kigumi_value* outcome);

/* Records, in the transaction that does the request's work, what came of it (at most 4 KiB).
 * KIGUMI_INVALID_ARGUMENT if it is recorded already: look first. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_request_record(kigumi_txn* txn, kigumi_slice id,
                                                               kigumi_value outcome);

/* ---- Sessions: reading one's own writes, on any node ------------------------------------------
 */

/* What a session has seen: a version of each bucket that it read or wrote. It is stored and sent
 * along as text; a node that has come so far shows all that the session has written and read. One
 * thread at a time. */
typedef struct kigumi_token kigumi_token;

/* A token from its text; of a session that has seen nothing yet if the text is empty.
 * KIGUMI_INVALID_ARGUMENT if it was cut or changed, KIGUMI_UNSUPPORTED if it is of another version.
 */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_token_open(kigumi_slice text, kigumi_token** token);

/* The session has seen what a snapshot shows, or what a transaction that was committed (and not
 * closed yet) had read and written. O(replicas). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_token_observe(kigumi_token* token,
                                                              const kigumi_txn* txn);

/* The session has seen all that another one has. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_token_merge(kigumi_token* token,
                                                            const kigumi_token* other);

/* The token as a word of printable ASCII, terminated by a zero byte: about 22 characters for each
 * replica that has written to a bucket. It is no secret and no proof. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_token_text_copy(const kigumi_token* token,
                                                                char** text);
KIGUMI_API void kigumi_token_close(kigumi_token* token);

/* A snapshot that shows all that a session has seen of the bucket: waits until it is here, at most
 * so long, without end if the time is negative. KIGUMI_NOT_YET if it is not here by then. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_read_open_at_least(kigumi_store* store,
                                                                   const char* bucket,
                                                                   const kigumi_token* token,
                                                                   int64_t timeout_ms,
                                                                   kigumi_txn** txn);

/* How many other peers are known to hold durably what the session has seen of the bucket; for a NULL
 * token, what this replica has written to it. Replicas of one key count once, if that key may read
 * the bucket; without keys each replica counts. O(replicas). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_confirmed(kigumi_store* store, const char* bucket,
                                                          const kigumi_token* token,
                                                          size_t* replicas);

/* Waits until that are at least `replicas`, at most so long, without end if the time is negative.
 * KIGUMI_NOT_YET, with a message that says how many, if they are too few; what was written stays in
 * any case. Nobody confirms while no node runs. `confirmed` is optional: how many they are. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_wait(kigumi_store* store, const char* bucket,
                                                     const kigumi_token* token, size_t replicas,
                                                     int64_t timeout_ms, size_t* confirmed);

/* ---- Hearing of changes ---------------------------------------------------------------------- */

/* Tells when a bucket has changed, whoever committed: this process, another, or a peer's writes
 * that arrived. */
typedef struct kigumi_watch kigumi_watch;

/* Watches from the bucket's present version on. `bucket` may be NULL. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_watch_open(kigumi_store* store, const char* bucket,
                                                           kigumi_watch** watch);

/* A descriptor for poll, select or epoll: readable when there may be a change, and once a second
 * without one. It stays the watch's: never read or close it. -1 for a null watch. */
KIGUMI_API int kigumi_watch_fd(const kigumi_watch* watch);

/* Whether the bucket has changed since the last time this was asked; quiets the descriptor. Changes
 * are not counted: read what you want to know. Costs one snapshot. One thread at a time. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_watch_take(kigumi_watch* watch, bool* changed);

/* As kigumi_watch_take, after waiting for a change for at most so long; a negative time waits
 * without end. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_watch_wait(kigumi_watch* watch, int64_t timeout_ms,
                                                           bool* changed);
KIGUMI_API void kigumi_watch_close(kigumi_watch* watch);

/* ---- The embedded node ----------------------------------------------------------------------- */

/* Replication on a thread of this process: what the daemon `kigumid` does for a directory. */
typedef struct kigumi_node kigumi_node;

typedef enum kigumi_log_level KIGUMI_ENUM_INT {
    KIGUMI_LOG_DEBUG = 0,
    KIGUMI_LOG_INFO = 1,
    KIGUMI_LOG_WARNING = 2,
} kigumi_log_level;

/* Receives what happens, on the node's thread: a dotted name and key=value pairs, borrowed. It must
 * not stop the node. */
typedef void (*kigumi_log)(void* context, kigumi_log_level level, const char* event,
                           const char* detail);

typedef struct kigumi_node_options {
    size_t struct_size;
    const char* listen;       /* HOST:PORT where others reach this node; the port may be * */
    const char* const* peers; /* HOST:PORT of nodes to connect to; one of two is enough. PUBLICKEY@
                               * before it says which key it must have */
    size_t peer_count;
    bool insecure;  /* plain text without keys; loopback addresses only */
    kigumi_log log; /* may be NULL */
    void* log_context;
    /* How often neighbours compare notes; 0: 500. Longer saves messages and finds lost ones later.
     */
    uint64_t round_ms;
    const char* key_file;     /* of this node's key pair; needed unless `insecure` */
    const char* const* allow; /* who may get in: PUBLICKEY or PUBLICKEY=RIGHTS, each */
    size_t allow_count;
    const char* advertise; /* HOST:PORT where others reach this node, if `listen` does not say it */
    const char* cluster;   /* nodes of another name are refused; NULL is a name like any other */
    bool leaf;             /* links to a few masters and relays nothing: an edge node */
    bool only_peers;       /* no links but to `peers` and from whoever dials */
} kigumi_node_options;

static inline kigumi_node_options kigumi_node_options_default(void) {
    kigumi_node_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/* Makes a key pair and writes it to a file with mode 0600, durably. KIGUMI_INVALID_ARGUMENT if
 * there is one of that name. Gives the public key, by which other nodes list this one: 40
 * characters. Half a second of work. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_key_generate_copy(const char* file,
                                                                  char** public_key);

/* Binds and starts. One node per directory: a second one, in any process, is KIGUMI_BUSY. Errors
 * name the address or directory that cannot be used. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_node_start(kigumi_store* store,
                                                           const kigumi_node_options* options,
                                                           kigumi_node** node);

/* The address that was bound, with its port; borrowed from the node. NULL for a null node. */
KIGUMI_API const char* kigumi_node_address(const kigumi_node* node);

/* What the node is doing, as one JSON object: `replica`, `address`, `idle_ms` (since its thread
 * last began a turn; a healthy one turns every 20 ms), `links` (with `replica`, `address`,
 * `dialled`, `up`, `changed_ms`, `round_trip_ms`, `breaker`, `bytes_in`, `bytes_out`,
 * `waiting_bytes`), `buckets` (with `name`, `pulling`, `differences` and the `lag` of each of
 * `peers` in events), `refused_peers`, `denied`, `buffered_bytes`. Members may be added.
 * KIGUMI_BUSY if its thread has not answered within a second. O(links + buckets · replicas). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_node_status_copy(kigumi_node* node, char** json);

/* Replaces `allow`. New connections follow the list at once; those of keys that are no longer
 * listed, or may now do other things, are closed within a moment. On an error, which names the
 * entry, nothing changes. KIGUMI_INVALID_ARGUMENT for a node without keys. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_node_set_allowed(kigumi_node* node,
                                                                 const char* const* allow,
                                                                 size_t allow_count);

/* Begins to take leave, and waits until every neighbour that is linked has confirmed all that this
 * node held when that began: at most so long, without end if the time is negative. KIGUMI_NOT_YET
 * if one has not by then; it may be called again. The node goes on, but accepts nobody new: stop it
 * next. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_node_drain(kigumi_node* node, int64_t timeout_ms);

/* Says goodbye to the peers and ends the thread. Waits for it, at most some 100 ms. */
KIGUMI_API void kigumi_node_stop(kigumi_node* node);

/* ---- Bundles: a pull that is a file ---------------------------------------------------------- */

/* Hears how far a long work is, in bytes; called on the caller's thread. */
typedef void (*kigumi_progress)(void* context, uint64_t done, uint64_t total);

typedef struct kigumi_bundle_options {
    size_t struct_size;
    const char* bucket;       /* only this one; NULL: all */
    const char* since_bundle; /* only what changed since that bundle file was written; NULL: all */
    kigumi_progress progress; /* may be NULL */
    void* progress_context;
} kigumi_bundle_options;

static inline kigumi_bundle_options kigumi_bundle_options_default(void) {
    kigumi_bundle_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

typedef struct kigumi_bundle_summary {
    size_t struct_size;
    kigumi_replica source; /* the replica that wrote it */
    uint64_t time_ms;      /* when, by its clock, ms since 1970 */
    uint64_t rows;
    uint64_t row_bytes;  /* before compression */
    uint64_t file_bytes; /* of the bundle */
} kigumi_bundle_summary;

static inline kigumi_bundle_summary kigumi_bundle_summary_default(void) {
    kigumi_bundle_summary summary;
    memset(&summary, 0, sizeof summary);
    summary.struct_size = sizeof summary;
    return summary;
}

/* Writes what the store holds to a file, which is whole or not there. An existing one is replaced.
 * Writers go on meanwhile. `options` and `summary` may be NULL. Memory is constant. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_bundle_export(kigumi_store* store, const char* file,
                                                              const kigumi_bundle_options* options,
                                                              kigumi_bundle_summary* summary);

/* Joins bundles, in the order that they build on each other; again and again with the same result.
 * Each is checked whole before anything of it is joined. `rows` is optional: how many they held. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_bundle_import(kigumi_store* store,
                                                              const char* const* files,
                                                              size_t file_count, uint64_t* rows);

/* Reads a bundle through, checking every byte. */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_bundle_inspect(const char* file,
                                                               kigumi_bundle_summary* summary);

/* ---- Checking -------------------------------------------------------------------------------- */

typedef struct kigumi_check_report {
    size_t struct_size;
    uint64_t looked_at; /* rows and index entries */
    uint64_t found;     /* problems */
    uint64_t repaired;  /* of these */
} kigumi_check_report;

static inline kigumi_check_report kigumi_check_report_default(void) {
    kigumi_check_report report;
    memset(&report, 0, sizeof report);
    report.struct_size = sizeof report;
    return report;
}

/* Looks at every row and index entry, beside running writers; with `repair` it mends what the store
 * itself suffices for. Success says that it looked: whether all is well is in the report.
 * `problems` is optional: the first thousand as sentences, one on a line, to be freed. O(rows · log
 * rows). */
KIGUMI_API KIGUMI_MUST_USE kigumi_status kigumi_store_check(kigumi_store* store, bool repair,
                                                            kigumi_check_report* report,
                                                            char** problems_copy);

#ifdef __cplusplus
}
#endif

#endif
