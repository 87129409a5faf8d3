#include <algorithm>

#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

void add_tally(JsonObject& object, const Tally& tally) {
    object.raw("added", std::to_string(tally.added));
    object.raw("subtracted", std::to_string(tally.subtracted));
}

std::string write_json(const Write& write) {
    JsonObject object;
    object.add("dot", Value(write.dot.text())).raw("time", std::to_string(write.time.bits));
    if (const auto* value = std::get_if<Value>(&write.payload)) {
        object.add("value", *value);
    } else if (const auto* tally = std::get_if<Tally>(&write.payload)) {
        add_tally(object, *tally);
    } else if (const auto* reset = std::get_if<Reset>(&write.payload)) {
        JsonObject seen;
        for (const auto& [origin, taken] : reset->seen) {
            JsonObject sums;
            add_tally(sums, taken);
            seen.raw(origin.hex(), sums.text());
        }
        object.raw("reset", seen.text());
    } else {
        object.add("removed", Value(true));
    }
    return object.text();
}

std::string row_json(const std::string& bucket, const RowKey& at, const Row& row) {
    std::vector<std::string> writes;
    for (const Write& write : row) writes.push_back(write_json(write));
    JsonObject object;
    object.add("bucket", Value(bucket)).add("key", text_or_bytes(at.key));
    object.add("type", Value(name_of(at.type))).raw("path", path_json(at));
    return object.raw("writes", json_array(writes)).text();
}

Result<void> dump_bucket(Session& session, const std::string& bucket) {
    // One snapshot, however long it takes: a dump that mixed moments could not be compared.
    KIGUMI_TRY(auto txn, session.store->read(bucket));
    return txn.scan({}, [&](const RowKey& at, const Row& row) {
        // Replicas collect removals at different times, so they are no part of what must be equal.
        return row.removed() || session.out.line(row_json(bucket, at, row));
    });
}

}  // namespace

Result<Answer> dump(Session& session) {
    KIGUMI_TRY(auto buckets, session.store->buckets());
    if (session.bucket_given) {
        // Two dumps of nothing are equal: a misspelt name must not pass for a comparison.
        if (std::find(buckets.begin(), buckets.end(), session.bucket) == buckets.end())
            return fail(ErrorCode::kNotFound, "there is no bucket " + json_string(session.bucket) +
                                                  "; `kigumi status` lists those that exist");
        buckets = {session.bucket};
    }
    for (const std::string& bucket : buckets) KIGUMI_CHECK(dump_bucket(session, bucket));
    return Answer::kYes;
}

}  // namespace kigumi::cli
