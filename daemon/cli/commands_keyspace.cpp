#include <fnmatch.h>

#include "kigumi/crdt/json.hpp"
#include "mutation.hpp"
#include "object_types.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

std::string conflict_line(const Session& session, const RowKey& at, const Row& row) {
    const Value key = text_or_bytes(at.key);
    std::vector<std::string> values;
    for (const Sibling& sibling : kigumi::siblings(row)) values.push_back(show(session, sibling));
    if (session.json) {
        JsonObject object;
        object.add("key", key).add("type", Value(name_of(at.type))).raw("path", path_json(at));
        return object.raw("values", json_array(values)).text();
    }
    std::string text = to_json(key) + " " + std::string(name_of(at.type)) + " " + path_json(at);
    for (const std::string& value : values) text += "\n  " + value;
    return text;
}

/// Prints the items as lines or as one JSON array.
void print_all(Session& session, const std::vector<std::string>& items) {
    if (session.json) {
        session.out.line(json_array(items));
        return;
    }
    for (const std::string& item : items) session.out.line(item);
}

}  // namespace

Result<Answer> del(Session& session) {
    return mutate(session, [&session](WriteTransaction& txn) -> Result<Reply> {
        std::size_t removed = 0;
        for (const std::string& key : session.args) {
            // Every type, also those that show nothing: a removal may hide concurrent values.
            for (std::uint64_t number = 1; const auto type = object_type_of(number); ++number) {
                KIGUMI_TRY(const bool was_there, txn.erase(key, *type));
                if (was_there) ++removed;
            }
        }
        return Reply{removed > 0 ? Answer::kYes : Answer::kNo, std::to_string(removed)};
    });
}

Result<Answer> exists(Session& session) {
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    std::size_t found = 0;
    for (const std::string& key : session.args) {
        KIGUMI_TRY(const auto types, types_of(txn, key));
        if (!types.empty()) ++found;
    }
    session.out.line(std::to_string(found));
    return found > 0 ? Answer::kYes : Answer::kNo;
}

Result<Answer> type(Session& session) {
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_TRY(const auto types, types_of(txn, session.args[0]));
    std::vector<std::string> names;
    for (const Type type : types) names.push_back(show(session, Value(name_of(type))));
    print_all(session, names);
    return types.empty() ? Answer::kNo : Answer::kYes;
}

Result<Answer> keys(Session& session) {
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    const std::string pattern = session.args.empty() ? "*" : session.args[0];
    // Collected before any is printed: a slow reader of the output must not hold the snapshot.
    std::vector<std::string> keys;
    std::string last;
    KIGUMI_CHECK(txn.each_object([&](const std::string& key, Type) {
        const bool repeated = !keys.empty() && key == last;
        if (!repeated && fnmatch(pattern.c_str(), key.c_str(), 0) == 0) {
            last = key;
            keys.push_back(session.json ? to_json(text_or_bytes(key)) : key);
        }
        return true;
    }));
    print_all(session, keys);
    return Answer::kYes;
}

Result<Answer> conflicts(Session& session) {
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    std::vector<std::string> rows;
    KIGUMI_CHECK(txn.scan({}, [&](const RowKey& at, const Row& row) {
        if (in_conflict(at, row)) rows.push_back(conflict_line(session, at, row));
        return true;
    }));
    print_all(session, rows);
    return Answer::kYes;
}

}  // namespace kigumi::cli
