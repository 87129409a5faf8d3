#include "canary.h"

/* The options as an older header knew them: a struct that ended earlier. */
typedef struct older_options {
    size_t struct_size;
    uint64_t map_bytes;
} older_options;

/* The options as a newer header may know them. */
typedef struct newer_options {
    kigumi_store_options known;
    uint64_t added;
} newer_options;

typedef struct older_report {
    size_t struct_size;
    uint64_t looked_at;
} older_report;

typedef struct watched_report {
    older_report report;
    uint64_t behind;
} watched_report;

static void older_callers(void) {
    kigumi_store* store = NULL;
    watched_report watched = {{sizeof(older_report), 77}, 88};
    older_options older = {sizeof(older_options), (uint64_t)1 << 28};
    OK(kigumi_store_open(path_of("options"), (const kigumi_store_options*)(const void*)&older,
                         &store));
    OK(kigumi_store_check(store, false, (kigumi_check_report*)(void*)&watched, NULL));
    EXPECT(watched.report.struct_size == sizeof(older_report) && watched.report.looked_at == 0);
    EXPECT(watched.behind == 88);
    OK(kigumi_store_close(store));
}

static void newer_callers(void) {
    kigumi_store* store = NULL;
    newer_options newer;
    memset(&newer, 0, sizeof newer);
    newer.known.struct_size = sizeof newer;
    OK(kigumi_store_open(path_of("options"), &newer.known, &store));
    OK(kigumi_store_close(store));
    newer.added = 1;
    REFUSED(kigumi_store_open(path_of("options"), &newer.known, &store), KIGUMI_UNSUPPORTED,
            "upgrade");
}

void options(void) {
    kigumi_store* store = NULL;
    kigumi_store_options unset = kigumi_store_options_default();
    unset.struct_size = 0;
    REFUSED(kigumi_store_open(path_of("options"), &unset, &store), KIGUMI_INVALID_ARGUMENT,
            "struct_size");
    older_callers();
    newer_callers();
    EXPECT(strcmp(kigumi_status_name(KIGUMI_BUSY), "busy") == 0);
    EXPECT(strcmp(kigumi_status_name(KIGUMI_NOT_YET), "not_yet") == 0);
    EXPECT(strcmp(kigumi_status_name((kigumi_status)99), "unknown") == 0);
}
