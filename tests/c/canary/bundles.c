#include "canary.h"

static void add(kigumi_store* store, const char* member) {
    kigumi_txn* tx = NULL;
    OK(kigumi_write_open(store, NULL, &tx));
    OK(kigumi_set_add(tx, kigumi_at("cart"), kigumi_value_text(member), NULL));
    OK(kigumi_txn_commit(tx));
    kigumi_txn_close(tx);
}

static void hear(void* context, uint64_t done, uint64_t total) {
    EXPECT(done <= total);
    ++*(int*)context;
}

static void check(kigumi_store* store) {
    kigumi_check_report report = kigumi_check_report_default();
    char* problems = NULL;
    OK(kigumi_store_check(store, false, &report, &problems));
    EXPECT(report.looked_at > 0 && report.found == 0 && strcmp(problems, "") == 0);
    kigumi_free(problems);
    OK(kigumi_store_check(store, true, &report, NULL));
    EXPECT(report.repaired == 0);
}

void bundles(void) {
    kigumi_store* from = open_store("bundles-1");
    kigumi_store* to = open_store("bundles-2");
    kigumi_bundle_options options = kigumi_bundle_options_default();
    kigumi_bundle_summary summary = kigumi_bundle_summary_default();
    kigumi_replica replica;
    const char* files[2];
    kigumi_txn* tx = NULL;
    uint64_t size = 0;
    uint64_t rows = 0;
    int heard = 0;
    files[0] = path_of("first.bundle");
    files[1] = path_of("second.bundle");
    add(from, "milk");
    OK(kigumi_bundle_export(from, files[0], NULL, NULL));
    add(from, "eggs");
    options.bucket = "default";
    options.since_bundle = files[0];
    options.progress = hear;
    options.progress_context = &heard;
    OK(kigumi_bundle_export(from, files[1], &options, &summary));
    EXPECT(summary.rows == 1 && summary.file_bytes > 0 && summary.time_ms > 0 && heard > 0);
    OK(kigumi_store_replica(from, &replica));
    EXPECT(memcmp(&replica, &summary.source, sizeof replica) == 0);
    OK(kigumi_bundle_inspect(files[0], &summary));
    EXPECT(summary.rows == 1 && summary.row_bytes > 0);
    OK(kigumi_bundle_import(to, files, 2, &rows));
    EXPECT(rows == 2);
    OK(kigumi_read_open(to, NULL, &tx));
    OK(kigumi_set_size(tx, kigumi_at("cart"), &size));
    EXPECT(size == 2);
    kigumi_txn_close(tx);
    check(to);
    REFUSED(kigumi_bundle_import(to, files, 0, NULL), KIGUMI_INVALID_ARGUMENT, "no files");
    EXPECT(kigumi_bundle_inspect("/nowhere/at/all", &summary) != KIGUMI_OK);
    OK(kigumi_store_close(from));
    OK(kigumi_store_close(to));
}
