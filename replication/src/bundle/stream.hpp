#pragma once

#include "../codec.hpp"
#include "block_file.hpp"
#include "kigumi/replication/bundle.hpp"

/// What the stream of a bundle says, item by item: for each bucket a head, its rows as they are
/// stored and, if it is full, its log; at last a count (`docs/format/bundle.md`).
namespace kigumi::bundle {

enum class Item : std::uint8_t { kBucket = 1, kRow, kLog, kEnd };

/// The replicas that the rows of a bucket name, by their numbers.
class Origins : public codec::OriginNames {
  public:
    explicit Origins(std::vector<ReplicaId> names = {}) : names_(std::move(names)) {}
    const ReplicaId* name_of(std::uint64_t number) const override {
        return number < names_.size() ? &names_[number] : nullptr;
    }
    const std::vector<ReplicaId>& names() const { return names_; }

  private:
    std::vector<ReplicaId> names_;
};

class StreamWriter {
  public:
    static Result<StreamWriter> create(const std::filesystem::path& file, const ReplicaId& source,
                                       std::uint64_t time_ms, Format format);

    Result<void> bucket(const Cut& cut, const Origins& origins);
    Result<void> row(std::string_view place, std::string_view record);
    Result<void> log_entry(std::uint32_t origin, std::uint64_t counter, std::string_view place);
    /// Makes the file whole and durable, reads it back as one who restores it would, and makes it
    /// visible if that went well. What stood under its name stays otherwise.
    Result<Summary> finish();

  private:
    explicit StreamWriter(std::unique_ptr<BlockWriter> out) : out_(std::move(out)) {}
    Result<void> sized(std::string_view bytes);
    Result<void> read_back() const;

    std::unique_ptr<BlockWriter> out_;
    Summary summary_;
};

/// Reads the items in order, and checks that they come in an order that a writer writes.
class StreamReader {
  public:
    static Result<StreamReader> open(const std::filesystem::path& file, Progress progress = {});

    /// At a bucket's rows; kNotFound if it has no such bucket.
    static Result<StreamReader> open_at(const std::filesystem::path& file, std::string_view bucket);

    /// The next item. Nothing follows kEnd.
    Result<Item> next();

    const Summary& summary() const { return summary_; }  ///< of what was read so far
    const Cut& cut() const { return summary_.cuts.back(); }
    const Origins& origins() const { return origins_; }
    std::string_view place() const { return place_; }    ///< of a row or an entry; until next()
    std::string_view record() const { return record_; }  ///< of a row; until next()
    std::uint32_t origin() const { return origin_; }     ///< of an entry, its number
    std::uint64_t counter() const { return counter_; }   ///< of an entry
    /// The row, decoded and checked: what no writer can have written is an error.
    Result<KeyedRow> row(codec::Values values = codec::Values::kRead) const;
    tl::unexpected<Error> damaged(std::string_view what) const { return in_->damaged(what); }

  private:
    StreamReader(std::unique_ptr<BlockReader> in, Progress progress)
        : in_(std::move(in)), progress_(std::move(progress)) {}

    Result<std::string_view> sized(std::size_t limit);
    Result<void> read_bucket();
    Result<void> read_row();
    Result<void> read_entry();
    Result<void> read_end();
    void tell();

    std::unique_ptr<BlockReader> in_;
    Progress progress_;
    std::uint64_t told_ = 0;
    Summary summary_;
    Origins origins_;
    Item last_ = Item::kEnd;
    std::string last_place_;
    std::string_view place_;
    std::string_view record_;
    std::uint32_t origin_ = 0;
    std::uint64_t counter_ = 0;
};

}  // namespace kigumi::bundle
