#include "cursor.hpp"

using namespace kigumi;

namespace {

using c::Item;

/// Objects are sorted by name only as far as a name's first bytes: long ones stand shortened in the
/// table. A search begins and ends by so many bytes of a prefix, a zero counting twice.
constexpr std::size_t kSortedBytes = 60;

std::string_view sorted_part(std::string_view prefix) {
    std::size_t escaped = 0;
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        escaped += prefix[i] == '\0' ? 2 : 1;
        if (escaped > kSortedBytes) return prefix.substr(0, i);
    }
    return prefix;
}

class ObjectNames : public c::Source {
  public:
    ObjectNames(c::Transaction& transaction, std::string_view prefix)
        : transaction_(transaction), prefix_(prefix), sorted_(sorted_part(prefix)) {
        if (!sorted_.empty()) from_ = {sorted_, Type::kRegister, {}};
    }

    Result<void> read(std::vector<Item>& items) override {
        if (ended_) return {};
        return c::with_space(transaction_, [&](auto& space) { return read_from(space, items); });
    }

  private:
    template <class S>
    Result<void> read_from(S& space, std::vector<Item>& items) {
        c::Batch batch(items);
        bool full = false;
        RowKey resume;
        KIGUMI_CHECK(space.each_object(
            [&](const std::string& key, Type type) {
                if (!key.starts_with(sorted_)) return false;
                const bool seen = began_ && key == from_.key && type == from_.type;
                if (seen || !key.starts_with(prefix_)) return true;
                Item item;
                item.key = key;
                item.type = type;
                if (batch.add(std::move(item))) return true;
                resume = {key, type, {}};
                full = true;
                return false;
            },
            from_));
        ended_ = !full;
        began_ = true;
        from_ = std::move(resume);
        return {};
    }

    c::Transaction& transaction_;
    const std::string prefix_;
    const std::string sorted_;
    RowKey from_;
    bool began_ = false;
    bool ended_ = false;
};

class BucketNames : public c::Source {
  public:
    explicit BucketNames(kigumi_store& store) : store_(store) {}

    Result<void> read(std::vector<Item>& items) override {
        if (ended_) return {};
        KIGUMI_TRY(auto names, store_->buckets());
        for (std::string& name : names) items.emplace_back().key = std::move(name);
        ended_ = true;
        return {};
    }

  private:
    c::StoreUse store_;
    bool ended_ = false;
};

}  // namespace

kigumi_status kigumi_keys_open(kigumi_txn* txn, kigumi_slice prefix, kigumi_cursor** cursor) {
    return c::read(txn, [&](auto&, c::Transaction& transaction) -> Result<void> {
        KIGUMI_TRY(const std::string_view begin, c::bytes_of(prefix, "the prefix"));
        return c::open_cursor(txn->transaction, std::make_unique<ObjectNames>(transaction, begin),
                              cursor);
    });
}

kigumi_status kigumi_buckets_open(kigumi_store* store, kigumi_cursor** cursor) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        return c::open_cursor(nullptr, std::make_unique<BucketNames>(*store), cursor);
    });
}
