#include <gtest/gtest.h>
#include <kigumi.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "failing_new.hpp"
#include "support/temp_directory.hpp"

// Every allocation of every entry fails once, and once with an exception of an unknown type: the
// entry says so, gives nothing, and leaves everything as usable as it was.

namespace kigumi {
namespace {

/// What the entries work on. A transaction, a cursor and a watch are fresh for each call.
struct World {
    TempDirectory directory;
    kigumi_store* store = nullptr;
    kigumi_txn* txn = nullptr;
    kigumi_cursor* cursor = nullptr;
    kigumi_watch* watch = nullptr;
    kigumi_token* token = nullptr;
    // Made ahead: what the test itself allocates must not fail.
    std::string bundle = (directory.path() / "all.bundle").string();
    std::string exported = (directory.path() / "exported.bundle").string();
    std::string second = (directory.path() / "second").string();
    std::string token_text;

    World() {
        const std::string first = (directory.path() / "first").string();
        EXPECT_EQ(kigumi_store_open(first.c_str(), nullptr, &store), KIGUMI_OK);
        EXPECT_EQ(kigumi_write_open(store, nullptr, &txn), KIGUMI_OK);
        fill();
        EXPECT_EQ(kigumi_txn_commit(txn), KIGUMI_OK);
        see();
        kigumi_txn_close(txn);
        EXPECT_EQ(kigumi_bundle_export(store, bundle.c_str(), nullptr, nullptr), KIGUMI_OK);
    }
    ~World() {
        kigumi_token_close(token);
        EXPECT_EQ(kigumi_store_close(store), KIGUMI_OK);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void see() {
        EXPECT_EQ(kigumi_token_open(kigumi_slice_of(""), &token), KIGUMI_OK);
        EXPECT_EQ(kigumi_token_observe(token, txn), KIGUMI_OK);
        char* text = nullptr;
        EXPECT_EQ(kigumi_token_text_copy(token, &text), KIGUMI_OK);
        token_text = text;
        kigumi_free(text);
    }

    void fill() const {
        const std::string text(200, 'x');
        const kigumi_value items[] = {kigumi_value_int(1), kigumi_value_text(text.c_str())};
        const kigumi_value list = kigumi_value_array(items, 2);
        EXPECT_EQ(kigumi_register_assign(txn, kigumi_at("register"), list), KIGUMI_OK);
        EXPECT_EQ(kigumi_counter_add(txn, kigumi_at("counter"), 3), KIGUMI_OK);
        EXPECT_EQ(kigumi_flag_set(txn, kigumi_at("flag"), true), KIGUMI_OK);
        EXPECT_EQ(kigumi_set_add(txn, kigumi_at("set"), list, nullptr), KIGUMI_OK);
        EXPECT_EQ(kigumi_counter_add(txn, kigumi_in("map", "field"), 3), KIGUMI_OK);
        EXPECT_EQ(kigumi_request_record(txn, kigumi_slice_of("known"), list), KIGUMI_OK);
    }
};

struct Entry {
    const char* name;
    bool writes;
    std::function<kigumi_status(World&)> call;
};

/// An out-parameter that must not change on an error.
template <class T>
class Out {
  public:
    T* operator&() { return &now_; }  // NOLINT: as an out-parameter is written
    T& operator*() { return now_; }
    kigumi_status after(kigumi_status status) {
        if (status != KIGUMI_OK) {
            EXPECT_EQ(std::memcmp(&now_, &before_, sizeof(T)), 0);
        }
        return status;
    }

  private:
    static T zeros() {
        T value;
        std::memset(&value, 0, sizeof value);
        return value;
    }
    const T before_ = zeros();
    T now_ = zeros();
};

const kigumi_value kLong = kigumi_value_text("a text that is too long to stand inside a string");

std::vector<Entry> reading_entries() {
    const auto at = [](const char* key) { return kigumi_at(key); };
    return {
        {"kigumi_register_get", false,
         [at](World& w) {
             Out<kigumi_value> value;
             return value.after(kigumi_register_get(w.txn, at("register"), &value));
         }},
        {"kigumi_register_siblings", false,
         [at](World& w) {
             Out<const kigumi_sibling*> list;
             Out<std::size_t> n;
             return list.after(n.after(kigumi_register_siblings(w.txn, at("register"), &list, &n)));
         }},
        {"kigumi_counter_get", false,
         [at](World& w) {
             Out<std::int64_t> sum;
             return sum.after(kigumi_counter_get(w.txn, at("counter"), &sum));
         }},
        {"kigumi_flag_get", false,
         [at](World& w) {
             Out<bool> on;
             return on.after(kigumi_flag_get(w.txn, at("flag"), KIGUMI_ENABLE_WINS, &on));
         }},
        {"kigumi_set_contains", false,
         [at](World& w) {
             Out<bool> there;
             return there.after(kigumi_set_contains(w.txn, at("set"), kLong, &there));
         }},
        {"kigumi_set_size", false,
         [at](World& w) {
             Out<std::uint64_t> size;
             return size.after(kigumi_set_size(w.txn, at("set"), &size));
         }},
        {"kigumi_types_get", false,
         [](World& w) {
             Out<kigumi_types> types;
             return types.after(kigumi_types_get(w.txn, kigumi_in("map", "field"), &types));
         }},
        {"kigumi_request_get", false,
         [](World& w) {
             Out<kigumi_value> outcome;
             return outcome.after(kigumi_request_get(w.txn, kigumi_slice_of("known"), &outcome));
         }},
    };
}

std::vector<Entry> writing_entries() {
    return {
        {"kigumi_register_assign", true,
         [](World& w) { return kigumi_register_assign(w.txn, kigumi_at("register"), kLong); }},
        {"kigumi_register_remove", true,
         [](World& w) {
             Out<bool> was;
             return was.after(kigumi_register_remove(w.txn, kigumi_at("register"), &was));
         }},
        {"kigumi_counter_add", true,
         [](World& w) { return kigumi_counter_add(w.txn, kigumi_in("map", "field"), 4); }},
        {"kigumi_counter_reset", true,
         [](World& w) { return kigumi_counter_reset(w.txn, kigumi_at("counter")); }},
        {"kigumi_flag_set", true,
         [](World& w) { return kigumi_flag_set(w.txn, kigumi_at("flag"), false); }},
        {"kigumi_set_add", true,
         [](World& w) {
             Out<bool> is_new;
             return is_new.after(kigumi_set_add(w.txn, kigumi_at("set"), kLong, &is_new));
         }},
        {"kigumi_set_remove", true,
         [](World& w) { return kigumi_set_remove(w.txn, kigumi_at("set"), kLong, nullptr); }},
        {"kigumi_map_remove", true,
         [](World& w) { return kigumi_map_remove(w.txn, kigumi_in("map", "field"), nullptr); }},
        {"kigumi_object_remove", true,
         [](World& w) {
             return kigumi_object_remove(w.txn, kigumi_at("set"), KIGUMI_NO_TYPE, nullptr);
         }},
        {"kigumi_request_record", true,
         [](World& w) { return kigumi_request_record(w.txn, kigumi_slice_of("new"), kLong); }},
    };
}

/// An opening entry: what it gave is closed.
template <class Handle, class Open, class Close>
kigumi_status open_and_close(Open open, Close close) {
    Out<Handle*> handle;
    const kigumi_status status = handle.after(open(&handle));
    close(*handle);
    return status;
}

std::vector<Entry> opening_entries() {
    return {
        {"kigumi_store_open", false,
         [](World& w) {
             return open_and_close<kigumi_store>(
                 [&](auto** out) { return kigumi_store_open(w.second.c_str(), nullptr, out); },
                 [](auto* store) { EXPECT_EQ(kigumi_store_close(store), KIGUMI_OK); });
         }},
        {"kigumi_read_open", false,
         [](World& w) {
             return open_and_close<kigumi_txn>(
                 [&](auto** out) { return kigumi_read_open(w.store, "a bucket of ours", out); },
                 kigumi_txn_close);
         }},
        {"kigumi_read_open_at_least", false,
         [](World& w) {
             return open_and_close<kigumi_txn>(
                 [&](auto** out) {
                     return kigumi_read_open_at_least(w.store, nullptr, w.token, 0, out);
                 },
                 kigumi_txn_close);
         }},
        {"kigumi_token_open", false,
         [](World& w) {
             const kigumi_slice text = {w.token_text.data(), w.token_text.size()};
             return open_and_close<kigumi_token>(
                 [&](auto** out) { return kigumi_token_open(text, out); }, kigumi_token_close);
         }},
        {"kigumi_write_open", false,
         [](World& w) {
             return open_and_close<kigumi_txn>(
                 [&](auto** out) { return kigumi_write_open(w.store, "a bucket of ours", out); },
                 kigumi_txn_close);
         }},
        {"kigumi_keys_open", false,
         [](World& w) {
             return open_and_close<kigumi_cursor>(
                 [&](auto** out) { return kigumi_keys_open(w.txn, kigumi_slice_of(""), out); },
                 kigumi_cursor_close);
         }},
        {"kigumi_set_members_open", false,
         [](World& w) {
             return open_and_close<kigumi_cursor>(
                 [&](auto** out) { return kigumi_set_members_open(w.txn, kigumi_at("set"), out); },
                 kigumi_cursor_close);
         }},
        {"kigumi_map_fields_open", false,
         [](World& w) {
             return open_and_close<kigumi_cursor>(
                 [&](auto** out) { return kigumi_map_fields_open(w.txn, kigumi_at("map"), out); },
                 kigumi_cursor_close);
         }},
        {"kigumi_conflicts_open", false,
         [](World& w) {
             return open_and_close<kigumi_cursor>(
                 [&](auto** out) { return kigumi_conflicts_open(w.txn, out); },
                 kigumi_cursor_close);
         }},
        {"kigumi_buckets_open", false,
         [](World& w) {
             return open_and_close<kigumi_cursor>(
                 [&](auto** out) { return kigumi_buckets_open(w.store, out); },
                 kigumi_cursor_close);
         }},
        {"kigumi_watch_open", false,
         [](World& w) {
             return open_and_close<kigumi_watch>(
                 [&](auto** out) { return kigumi_watch_open(w.store, nullptr, out); },
                 kigumi_watch_close);
         }},
    };
}

std::vector<Entry> session_entries() {
    return {
        {"kigumi_token_observe", false,
         [](World& w) { return kigumi_token_observe(w.token, w.txn); }},
        {"kigumi_token_merge", false,
         [](World& w) { return kigumi_token_merge(w.token, w.token); }},
        {"kigumi_token_text_copy", false,
         [](World& w) {
             return open_and_close<char>(
                 [&](char** out) { return kigumi_token_text_copy(w.token, out); }, kigumi_free);
         }},
        {"kigumi_confirmed", false,
         [](World& w) {
             Out<std::size_t> replicas;
             return replicas.after(kigumi_confirmed(w.store, nullptr, w.token, &replicas));
         }},
        {"kigumi_wait", false,
         [](World& w) {
             Out<std::size_t> replicas;
             return replicas.after(kigumi_wait(w.store, nullptr, nullptr, 0, 0, &replicas));
         }},
    };
}

std::vector<Entry> other_entries() {
    return {
        {"kigumi_store_replica", false,
         [](World& w) {
             Out<kigumi_replica> replica;
             return replica.after(kigumi_store_replica(w.store, &replica));
         }},
        {"kigumi_store_status_copy", false,
         [](World& w) {
             return open_and_close<char>(
                 [&](char** out) { return kigumi_store_status_copy(w.store, nullptr, out); },
                 kigumi_free);
         }},
        {"kigumi_store_check", false,
         [](World& w) {
             kigumi_check_report report = kigumi_check_report_default();
             return open_and_close<char>(
                 [&](char** out) { return kigumi_store_check(w.store, true, &report, out); },
                 kigumi_free);
         }},
        {"kigumi_cursor_next", false,
         [](World& w) {
             Out<const kigumi_entry*> entry;
             return entry.after(kigumi_cursor_next(w.cursor, &entry));
         }},
        {"kigumi_watch_take", false,
         [](World& w) {
             Out<bool> changed;
             return changed.after(kigumi_watch_take(w.watch, &changed));
         }},
        {"kigumi_watch_wait", false,
         [](World& w) {
             Out<bool> changed;
             return changed.after(kigumi_watch_wait(w.watch, 0, &changed));
         }},
        {"kigumi_value_copy", false,
         [](World&) {
             return open_and_close<kigumi_value>(
                 [](auto** out) { return kigumi_value_copy(kLong, out); }, kigumi_free);
         }},
        {"kigumi_value_to_json_copy", false,
         [](World&) {
             return open_and_close<char>(
                 [](char** out) { return kigumi_value_to_json_copy(kLong, out); }, kigumi_free);
         }},
        {"kigumi_value_from_json_copy", false,
         [](World&) {
             const kigumi_slice json = kigumi_slice_of(R"({"list":[1,"two",{}]})");
             return open_and_close<kigumi_value>(
                 [&](auto** out) { return kigumi_value_from_json_copy(json, out); }, kigumi_free);
         }},
        {"kigumi_bucket_sign", false,
         [](World& w) { return kigumi_bucket_sign(w.store, "a bucket of which all is proved"); }},
        {"kigumi_bundle_export", false,
         [](World& w) {
             return kigumi_bundle_export(w.store, w.exported.c_str(), nullptr, nullptr);
         }},
        {"kigumi_bundle_import", false,
         [](World& w) {
             const char* const file = w.bundle.c_str();
             return kigumi_bundle_import(w.store, &file, 1, nullptr);
         }},
        {"kigumi_bundle_inspect", false,
         [](World& w) {
             kigumi_bundle_summary summary = kigumi_bundle_summary_default();
             return kigumi_bundle_inspect(w.bundle.c_str(), &summary);
         }},
    };
}

std::vector<Entry> all_entries() {
    std::vector<Entry> all;
    for (const auto& some : {reading_entries(), writing_entries(), opening_entries(),
                             session_entries(), other_entries()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

void begin(World& world, const Entry& entry) {
    const auto open = entry.writes ? kigumi_write_open : kigumi_read_open;
    ASSERT_EQ(open(world.store, nullptr, &world.txn), KIGUMI_OK) << entry.name;
    ASSERT_EQ(kigumi_keys_open(world.txn, kigumi_slice_of(""), &world.cursor), KIGUMI_OK);
    ASSERT_EQ(kigumi_watch_open(world.store, nullptr, &world.watch), KIGUMI_OK);
}

void end(World& world) {
    kigumi_watch_close(world.watch);
    kigumi_cursor_close(world.cursor);
    kigumi_txn_close(world.txn);
}

/// Fails each allocation of the entry in turn; returns how many there were.
std::size_t fail_each(World& world, const Entry& entry, FailingNew::With with) {
    const kigumi_status expected =
        with == FailingNew::With::kBadAlloc ? KIGUMI_NO_MEMORY : KIGUMI_INTERNAL;
    // kigumi_write_open waits for a turn: its own transaction would be in the way.
    const bool alone = std::strcmp(entry.name, "kigumi_write_open") == 0 ||
                       std::strncmp(entry.name, "kigumi_bundle", 13) == 0;
    for (std::size_t nth = 1;; ++nth) {
        if (!alone) begin(world, entry);
        bool happened = false;
        kigumi_status status = KIGUMI_OK;
        {
            const FailingNew failing(nth, with);
            status = entry.call(world);
            happened = failing.happened();
        }
        EXPECT_EQ(status, happened ? expected : KIGUMI_OK)
            << entry.name << ", allocation " << nth << ": " << kigumi_last_error_message();
        if (happened && entry.writes) {
            EXPECT_EQ(kigumi_txn_commit(world.txn), KIGUMI_INVALID_ARGUMENT) << entry.name;
        }
        if (!alone) end(world);
        if (!happened || ::testing::Test::HasFailure()) return nth - 1;
    }
}

void expect_sound(World& world) {
    kigumi_check_report report = kigumi_check_report_default();
    ASSERT_EQ(kigumi_store_check(world.store, false, &report, nullptr), KIGUMI_OK);
    EXPECT_EQ(report.found, 0U);
    const Entry reader{"", false, nullptr};
    begin(world, reader);
    std::int64_t sum = 0;
    EXPECT_EQ(kigumi_counter_get(world.txn, kigumi_at("counter"), &sum), KIGUMI_OK);
    EXPECT_EQ(sum, 3) << "a transaction that was not committed changed something";
    end(world);
}

TEST(CFailures, EveryAllocationOfEveryEntry) {
    World world;
    for (const Entry& entry : all_entries()) {
        fail_each(world, entry, FailingNew::With::kBadAlloc);
        fail_each(world, entry, FailingNew::With::kForeign);
        if (HasFailure()) break;
    }
    expect_sound(world);
}

TEST(CFailures, ACommitThatFailsKeepsNothing) {
    World world;
    std::int64_t expected = 3;
    for (std::size_t nth = 1;; ++nth) {
        ASSERT_EQ(kigumi_write_open(world.store, nullptr, &world.txn), KIGUMI_OK);
        ASSERT_EQ(kigumi_counter_add(world.txn, kigumi_at("counter"), 1), KIGUMI_OK);
        bool happened = false;
        kigumi_status status = KIGUMI_OK;
        {
            const FailingNew failing(nth, FailingNew::With::kBadAlloc);
            status = kigumi_txn_commit(world.txn);
            happened = failing.happened();
        }
        kigumi_txn_close(world.txn);
        if (status == KIGUMI_OK) ++expected;
        std::int64_t sum = 0;
        ASSERT_EQ(kigumi_read_open(world.store, nullptr, &world.txn), KIGUMI_OK);
        ASSERT_EQ(kigumi_counter_get(world.txn, kigumi_at("counter"), &sum), KIGUMI_OK);
        kigumi_txn_close(world.txn);
        ASSERT_EQ(sum, expected) << "allocation " << nth;
        if (!happened) break;
    }
}

TEST(CFailures, ANodeThatCannotStartLeavesItsDirectoryFree) {
    World world;
    kigumi_node_options options = kigumi_node_options_default();
    options.listen = "127.0.0.1:*";
    options.insecure = true;
    // The first allocations are ours; later ones are libzmq's, which is not made for this.
    for (std::size_t nth = 1; nth <= 4; ++nth) {
        kigumi_node* node = nullptr;
        const FailingNew failing(nth, FailingNew::With::kBadAlloc);
        EXPECT_EQ(kigumi_node_start(world.store, &options, &node), KIGUMI_NO_MEMORY);
        EXPECT_EQ(node, nullptr);
    }
    kigumi_node* node = nullptr;
    ASSERT_EQ(kigumi_node_start(world.store, &options, &node), KIGUMI_OK);
    kigumi_node_stop(node);
}

TEST(CFailures, AKeyThatCannotBeMadeLeavesNoFile) {
    const TempDirectory directory;
    const std::string file = (directory.path() / "a key in a file with a long name").string();
    // The first allocations only: each try is half a second of work.
    for (std::size_t nth = 1; nth <= 2; ++nth) {
        char* text = nullptr;
        const FailingNew failing(nth, FailingNew::With::kBadAlloc);
        EXPECT_EQ(kigumi_key_generate_copy(file.c_str(), &text), KIGUMI_NO_MEMORY);
        EXPECT_EQ(text, nullptr);
    }
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(CFailures, WhatIsAskedOfANodeFailsAsAWhole) {
    World world;
    kigumi_node_options options = kigumi_node_options_default();
    options.listen = "127.0.0.1:*";
    options.insecure = true;
    kigumi_node* node = nullptr;
    ASSERT_EQ(kigumi_node_start(world.store, &options, &node), KIGUMI_OK);
    const char* const allow = "a text that is longer than what fits without an allocation";
    for (std::size_t nth = 1;; ++nth) {
        char* json = nullptr;
        const FailingNew failing(nth, FailingNew::With::kBadAlloc);
        const kigumi_status status = kigumi_node_status_copy(node, &json);
        EXPECT_EQ(status, failing.happened() ? KIGUMI_NO_MEMORY : KIGUMI_OK) << nth;
        EXPECT_EQ(json == nullptr, failing.happened());
        kigumi_free(json);
        if (!failing.happened() || HasFailure()) break;
    }
    {
        const FailingNew failing(1, FailingNew::With::kForeign);
        EXPECT_EQ(kigumi_node_set_allowed(node, &allow, 1), KIGUMI_INTERNAL);
    }
    {
        const FailingNew failing(1, FailingNew::With::kBadAlloc);
        EXPECT_EQ(kigumi_node_drain(nullptr, 0), KIGUMI_NO_MEMORY);
    }
    EXPECT_EQ(kigumi_node_drain(node, 60'000), KIGUMI_OK);
    kigumi_node_stop(node);
}

/// A new function of the header has to be added here.
TEST(CFailures, NoEntryIsLeftOut) {
    std::set<std::string> tried = {
        // Above, in tests of their own.
        "kigumi_txn_commit", "kigumi_node_start", "kigumi_node_status_copy",
        "kigumi_node_set_allowed", "kigumi_node_drain", "kigumi_store_close",
        "kigumi_key_generate_copy",
        // These cannot fail, and give nothing that is not there already.
        "kigumi_cursor_close", "kigumi_free", "kigumi_last_error_message", "kigumi_node_address",
        "kigumi_node_stop", "kigumi_status_name", "kigumi_store_directory", "kigumi_txn_close",
        "kigumi_token_close", "kigumi_version", "kigumi_watch_close", "kigumi_watch_fd"};
    for (const Entry& entry : all_entries()) tried.insert(entry.name);
    std::ifstream list(EXPORTS);
    std::set<std::string> exported;
    for (std::string name; std::getline(list, name);) exported.insert(name);
    EXPECT_EQ(tried, exported);
}

}  // namespace
}  // namespace kigumi
