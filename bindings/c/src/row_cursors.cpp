#include "cursor.hpp"
#include "kigumi/crdt/path.hpp"
#include "places.hpp"

using namespace kigumi;

namespace {

using c::Item;

/// Rows from one on, each of which makes an entry, or none, or is the end.
class RowSource : public c::Source {
  public:
    RowSource(c::Transaction& transaction, RowKey from)
        : transaction_(transaction), from_(std::move(from)) {}

    Result<void> read(std::vector<Item>& items) override {
        if (ended_) return {};
        return c::with_space(transaction_, [&](auto& space) { return read_from(space, items); });
    }

  protected:
    enum class Verdict { kTake, kSkip, kEnd };
    virtual Result<Verdict> judge(const RowKey& at, const Row& row, Item& item) = 0;

  private:
    template <class S>
    Result<void> read_from(S& space, std::vector<Item>& items) {
        c::Batch batch(items);
        Result<void> outcome;
        bool full = false;
        KIGUMI_CHECK(space.scan(from_, [&](const RowKey& at, const Row& row) {
            if (began_ && at == from_) return true;
            Item item;
            const auto verdict = judge(at, row, item);
            if (!verdict) outcome = tl::unexpected<Error>(verdict.error());
            if (!verdict || *verdict == Verdict::kEnd) return false;
            if (*verdict == Verdict::kSkip || batch.add(std::move(item))) return true;
            resume_ = at;
            full = true;
            return false;
        }));
        KIGUMI_CHECK(outcome);
        ended_ = !full;
        began_ = true;
        from_ = std::move(resume_);
        return {};
    }

    c::Transaction& transaction_;
    RowKey from_;    ///< where the next batch begins
    RowKey resume_;  ///< the same for the one after it
    bool began_ = false;
    bool ended_ = false;
};

class Members : public RowSource {
  public:
    Members(c::Transaction& transaction, const RowKey& prefix)
        : RowSource(transaction, prefix), prefix_(prefix) {}

  private:
    Result<Verdict> judge(const RowKey& at, const Row& row, Item& item) override {
        if (!at.under(prefix_)) return Verdict::kEnd;
        if (!any_present(row)) return Verdict::kSkip;
        std::string_view rest = std::string_view(at.path).substr(prefix_.path.size());
        KIGUMI_TRY(item.value, path::take_value(rest));
        return Verdict::kTake;
    }

    const RowKey prefix_;
};

/// Reads the field and the type of its leaf off the path of a map's row.
Result<void> take_field(std::string_view& path, Item& item) {
    KIGUMI_TRY(const Value name, path::take_value(path));
    if (const auto* text = name.get_if<std::string>()) item.field = *text;
    KIGUMI_TRY(item.leaf, path::take_leaf(path));
    return {};
}

class Fields : public RowSource {
  public:
    Fields(c::Transaction& transaction, const RowKey& map)
        : RowSource(transaction, map), map_(map) {}

  private:
    Result<Verdict> judge(const RowKey& at, const Row& row, Item& item) override {
        if (!at.under(map_)) return Verdict::kEnd;
        if (!present(at, row)) return Verdict::kSkip;
        std::string_view path = at.path;
        KIGUMI_CHECK(take_field(path, item));
        // The members of a set are rows of one field.
        if (item.field == last_field_ && item.leaf == last_leaf_) return Verdict::kSkip;
        last_field_ = item.field;
        last_leaf_ = item.leaf;
        return Verdict::kTake;
    }

    const RowKey map_;
    std::optional<std::string> last_field_;
    std::optional<Type> last_leaf_;
};

class Conflicts : public RowSource {
  public:
    explicit Conflicts(c::Transaction& transaction) : RowSource(transaction, {}) {}

  private:
    Result<Verdict> judge(const RowKey& at, const Row& row, Item& item) override {
        if (!in_conflict(at, row)) return Verdict::kSkip;
        item.key = at.key;
        item.type = at.type;
        std::string_view path = at.path;
        if (at.type == Type::kMap) KIGUMI_CHECK(take_field(path, item));
        if (!path.empty()) {
            KIGUMI_TRY(item.value, path::take_value(path));
        }
        item.siblings = siblings(row);
        return Verdict::kTake;
    }
};

/// A cursor over rows of the transaction that `make(transaction)` goes through.
template <class Make>
kigumi_status open_rows(kigumi_txn* txn, kigumi_cursor** cursor, Make&& make) noexcept {
    return c::read(txn, [&](auto&, c::Transaction& transaction) -> Result<void> {
        KIGUMI_TRY(std::unique_ptr<c::Source> source, make(transaction));
        return c::open_cursor(txn->transaction, std::move(source), cursor);
    });
}

using MadeSource = Result<std::unique_ptr<c::Source>>;

}  // namespace

kigumi_status kigumi_set_members_open(kigumi_txn* txn, kigumi_place at, kigumi_cursor** cursor) {
    return open_rows(txn, cursor, [&](c::Transaction& transaction) -> MadeSource {
        KIGUMI_TRY(RowKey prefix, c::set_rows(at));
        return std::make_unique<Members>(transaction, prefix);
    });
}

kigumi_status kigumi_map_fields_open(kigumi_txn* txn, kigumi_place at, kigumi_cursor** cursor) {
    return open_rows(txn, cursor, [&](c::Transaction& transaction) -> MadeSource {
        KIGUMI_TRY(const std::string_view key, c::whole_object(at, "a map"));
        return std::make_unique<Fields>(transaction, RowKey{std::string(key), Type::kMap, {}});
    });
}

kigumi_status kigumi_conflicts_open(kigumi_txn* txn, kigumi_cursor** cursor) {
    return open_rows(txn, cursor, [](c::Transaction& transaction) -> MadeSource {
        return std::make_unique<Conflicts>(transaction);
    });
}
