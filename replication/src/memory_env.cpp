#include "kigumi/replication/memory_env.hpp"

#include <vector>

namespace kigumi::kv {
namespace {

using Tables = MemoryEnv::Tables;
using TableMap = Tables::value_type;

std::optional<std::string_view> find(const Tables& tables, Table table, std::string_view key) {
    const TableMap& map = tables[static_cast<std::size_t>(table)];
    const auto it = map.find(key);
    if (it == map.end()) return std::nullopt;
    return it->second;
}

/// Finds its place by key at each step, so that the table may change underneath.
class MemoryCursor : public Cursor {
  public:
    explicit MemoryCursor(const TableMap& map) : map_(map) {}

    Result<std::optional<Item>> seek(std::string_view lower) override {
        return show(map_.lower_bound(lower));
    }
    Result<std::optional<Item>> next() override { return show(map_.upper_bound(at_)); }

  private:
    Result<std::optional<Item>> show(TableMap::const_iterator it) {
        if (it == map_.end()) return std::optional<Item>();
        at_ = it->first;
        return std::optional<Item>(Item{it->first, it->second});
    }

    const TableMap& map_;
    std::string at_;
};

class MemoryReadTxn : public ReadTxn {
  public:
    MemoryReadTxn(std::shared_ptr<const Tables> tables,
                  const std::array<std::uint64_t, kTables>& stamps)
        : tables_(std::move(tables)), stamps_(stamps) {}

    Result<std::optional<std::string_view>> get(Table table, std::string_view key) override {
        return find(*tables_, table, key);
    }
    Result<std::unique_ptr<Cursor>> cursor(Table table) override {
        return std::unique_ptr<Cursor>(
            std::make_unique<MemoryCursor>((*tables_)[static_cast<std::size_t>(table)]));
    }
    Result<std::uint64_t> items(Table table) override {
        return std::uint64_t{(*tables_)[static_cast<std::size_t>(table)].size()};
    }
    std::uint64_t stamp(Table table) const override {
        return stamps_[static_cast<std::size_t>(table)];
    }

  private:
    std::shared_ptr<const Tables> tables_;
    const std::array<std::uint64_t, kTables> stamps_;
};

}  // namespace

/// Writes in place where nobody else reads the state, and remembers how to take it back.
class MemoryWriteTxn : public WriteTxn {
  public:
    explicit MemoryWriteTxn(MemoryEnv& env) : env_(env) {
        if (env_.tables_.use_count() > 1) env_.tables_ = std::make_shared<Tables>(*env_.tables_);
        env_.writing_ = true;
    }
    ~MemoryWriteTxn() override {
        if (!done_) roll_back();
    }

    Result<std::optional<std::string_view>> get(Table table, std::string_view key) override {
        return find(*env_.tables_, table, key);
    }
    Result<std::unique_ptr<Cursor>> cursor(Table table) override {
        return std::unique_ptr<Cursor>(std::make_unique<MemoryCursor>(map(table)));
    }
    Result<std::uint64_t> items(Table table) override { return std::uint64_t{map(table).size()}; }
    Result<void> put(Table table, std::string_view key, std::string_view value) override {
        remember(table, key);
        map(table).insert_or_assign(std::string(key), std::string(value));
        return {};
    }
    Result<void> append(Table table, std::string_view key, std::string_view value) override {
        if (!map(table).empty() && map(table).rbegin()->first >= key)
            return fail(ErrorCode::kInvalidArgument, "the keys to append are out of order");
        return put(table, key, value);
    }
    Result<void> erase(Table table, std::string_view key) override {
        remember(table, key);
        const auto it = map(table).find(key);
        if (it != map(table).end()) map(table).erase(it);
        return {};
    }
    Result<void> commit() override {
        if (env_.failing_commits_ > 0) {
            --env_.failing_commits_;
            roll_back();
            return fail(ErrorCode::kIo, "the commit was made to fail");
        }
        finish();
        if (!undo_.empty()) ++env_.commits_;
        for (const Undo& change : undo_)
            env_.changed_at_[static_cast<std::size_t>(change.table)] = env_.commits_;
        committed_ = true;
        return {};
    }
    std::uint64_t stamp(Table table) const override {
        return done_ ? 0 : env_.changed_at_[static_cast<std::size_t>(table)];
    }
    std::uint64_t stamp_after(Table table) const override {
        // Another one cannot have begun before this one has ended.
        return committed_ ? env_.changed_at_[static_cast<std::size_t>(table)] : 0;
    }

  private:
    struct Undo {
        Table table;
        std::string key;
        std::optional<std::string> value;
    };

    TableMap& map(Table table) { return (*env_.tables_)[static_cast<std::size_t>(table)]; }
    void remember(Table table, std::string_view key) {
        const auto old = find(*env_.tables_, table, key);
        undo_.push_back(
            {table, std::string(key), old ? std::optional(std::string(*old)) : std::nullopt});
    }
    void roll_back() {
        for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
            if (it->value) {
                map(it->table).insert_or_assign(it->key, *it->value);
            } else {
                map(it->table).erase(it->key);
            }
        }
        finish();
    }
    void finish() {
        done_ = true;
        env_.writing_ = false;
    }

    MemoryEnv& env_;
    std::vector<Undo> undo_;
    bool done_ = false;
    bool committed_ = false;
};

Result<std::unique_ptr<ReadTxn>> MemoryEnv::begin_read() {
    if (writing_) return fail(ErrorCode::kBusy, "a write transaction is open; end it first");
    return std::unique_ptr<ReadTxn>(std::make_unique<MemoryReadTxn>(tables_, changed_at_));
}

Result<std::unique_ptr<WriteTxn>> MemoryEnv::begin_write() {
    if (writing_) return fail(ErrorCode::kBusy, "a write transaction is open; end it first");
    return std::unique_ptr<WriteTxn>(std::make_unique<MemoryWriteTxn>(*this));
}

Result<Usage> MemoryEnv::usage() {
    Usage usage;
    for (const auto& table : *tables_)
        for (const auto& [key, value] : table) usage.file_bytes += key.size() + value.size();
    usage.commits = commits_;
    return usage;
}

void MemoryEnv::restore(std::shared_ptr<const Tables> state) {
    tables_ = std::make_shared<Tables>(*state);
    changed_at_.fill(++commits_);
}

}  // namespace kigumi::kv
