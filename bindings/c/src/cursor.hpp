#pragma once

#include <vector>

#include "handles.hpp"

namespace kigumi::c {

/// What an entry shows, owned.
struct Item {
    std::string key;
    std::optional<Type> type;
    std::optional<std::string> field;
    std::optional<Type> leaf;
    std::optional<Value> value;
    std::vector<Sibling> siblings;

    /// About what it takes in memory.
    std::size_t bytes() const;
};

/// Where a cursor gets its items from, in batches: each is read by a scan that goes on where the
/// last one ended, so that nothing of LMDB stays open in between.
class Source {
  public:
    virtual ~Source() = default;
    /// Appends the next items; none at the end.
    virtual Result<void> read(std::vector<Item>& items) = 0;
};

/// Bounds a batch.
class Batch {
  public:
    explicit Batch(std::vector<Item>& items) : items_(items) {}
    /// Returns whether there is room for more.
    bool add(Item item) {
        bytes_ += item.bytes();
        items_.push_back(std::move(item));
        return items_.size() < kItems && bytes_ < kBytes;
    }

  private:
    static constexpr std::size_t kItems = 256;
    static constexpr std::size_t kBytes = std::size_t{1} << 20;

    std::vector<Item>& items_;
    std::size_t bytes_ = 0;
};

/// A cursor over that source; of a transaction, unless that is null.
Result<void> open_cursor(std::shared_ptr<Transaction> transaction, std::unique_ptr<Source> source,
                         kigumi_cursor** cursor);

}  // namespace kigumi::c

struct kigumi_cursor {
    kigumi::c::Mark mark = kigumi::c::Mark::kCursor;
    std::shared_ptr<kigumi::c::Transaction> transaction;
    std::unique_ptr<kigumi::c::Source> source;
    std::vector<kigumi::c::Item> items;
    std::size_t next = 0;
    kigumi_entry entry{};
    kigumi::c::SiblingList siblings;
    kigumi::c::Arena arena;
};

template <>
struct kigumi::c::Kind<kigumi_cursor> {
    static constexpr Mark kMark = Mark::kCursor;
    static constexpr const char* kName = "cursor";
};
