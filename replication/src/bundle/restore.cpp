#include <xxhash.h>

#include <system_error>

#include "../big_endian.hpp"
#include "../schema.hpp"
#include "stream.hpp"

namespace kigumi::bundle {
namespace {

using kv::Table;

constexpr std::size_t kTransactionBytes = std::size_t{64} << 20;

/// Fills a new environment from one full bundle. Each table is written in its order, so that LMDB
/// appends; numbers of origins and records stay as they are.
class Loader {
  public:
    Loader(kv::Env& env, StreamReader in) : env_(env), in_(std::move(in)) {}

    Result<Summary> run() {
        for (;;) {
            KIGUMI_TRY(const Item item, in_.next());
            if (item == Item::kBucket || item == Item::kEnd) KIGUMI_CHECK(end_bucket());
            if (item == Item::kEnd) break;
            KIGUMI_CHECK(begin());
            if (item == Item::kBucket) KIGUMI_CHECK(begin_bucket());
            if (item == Item::kRow) KIGUMI_CHECK(row());
            if (item == Item::kLog) KIGUMI_CHECK(log_entry());
            if (pending_ > kTransactionBytes) KIGUMI_CHECK(commit());
        }
        KIGUMI_CHECK(begin());
        KIGUMI_CHECK(schema::put_format(*txn_));
        KIGUMI_CHECK(schema::put_last_time(*txn_, time_.last()));
        KIGUMI_CHECK(commit());
        KIGUMI_CHECK(env_.sync());
        return in_.summary();
    }

  private:
    /// Stands for the numbers that the bundle's records bear already.
    class Numbers : public codec::OriginNumbers {
      public:
        explicit Numbers(const Origins& origins) : origins_(origins) {}
        std::uint64_t number_of(const ReplicaId& origin) override {
            const auto& names = origins_.names();
            const auto at = std::find(names.begin(), names.end(), origin);
            return static_cast<std::uint64_t>(at - names.begin());
        }

      private:
        const Origins& origins_;
    };

    Result<void> begin() {
        if (txn_) return {};
        KIGUMI_TRY(txn_, env_.begin_write());
        return {};
    }
    Result<void> commit() {
        pending_ = 0;
        const auto txn = std::move(txn_);
        txn_ = nullptr;
        return txn->commit();
    }

    Result<void> begin_bucket() {
        const Cut& cut = in_.cut();
        if (!cut.full())
            return fail(ErrorCode::kInvalidArgument,
                        "the first bundle has to be full, and its bucket " + cut.bucket +
                            " builds on an earlier one; give that first");
        KIGUMI_TRY(bucket_, schema::make_bucket(*txn_, cut.bucket));
        const auto& names = in_.origins().names();
        for (std::uint32_t i = 0; i < names.size(); ++i) {
            const bool known = i < origins_.size();
            if (known && origins_[i] != names[i]) return in_.damaged("contradicts itself");
            if (known) continue;
            origins_.push_back(names[i]);
            std::string number;
            append_u32(number, i);
            KIGUMI_CHECK(txn_->put(Table::kOrigins, number, names[i].bytes()));
        }
        Numbers numbers(in_.origins());
        for (const auto& [origin, counter] : cut.version)
            if (numbers.number_of(origin) == names.size())
                return in_.damaged("does not name all its replicas");
        // What the source had dropped is at or below G.
        return schema::put_clock(*txn_, bucket_, {}, {cut.version, cut.floor, cut.floor}, numbers);
    }

    Result<void> row() {
        KIGUMI_TRY(const KeyedRow keyed, in_.row());
        const std::string key = schema::bucket_prefix(bucket_) + std::string(in_.place());
        KIGUMI_CHECK(append(Table::kRows, key, in_.record()));
        if (keyed.row.removed()) KIGUMI_CHECK(append(Table::kRemoved, key, {}));
        const std::uint64_t wall_ms = in_.summary().time_ms;
        for (const Write& write : keyed.row) {
            time_.observe(write.time, wall_ms);
            writes_ += mark(write.dot, in_.place());
        }
        return {};
    }

    Result<void> log_entry() {
        const ReplicaId& origin = in_.origins().names()[in_.origin()];
        const std::string place(in_.place());
        entries_ += mark({origin, in_.counter()}, place);
        return append(Table::kLog, schema::log_key(bucket_, in_.origin(), in_.counter()), place);
    }

    /// The log must name exactly the writes in the rows. Both come in an order of their own, so
    /// what is compared is the sum of a number for each.
    static std::uint64_t mark(const Dot& dot, std::string_view place) {
        const std::uint64_t seed =
            XXH3_64bits_withSeed(dot.origin.bytes().data(), ReplicaId::kSize, dot.counter);
        return XXH3_64bits_withSeed(place.data(), place.size(), seed);
    }

    Result<void> end_bucket() {
        if (writes_ != entries_) return in_.damaged("has a log that does not fit its rows");
        writes_ = entries_ = 0;
        return {};
    }

    Result<void> append(Table table, std::string_view key, std::string_view value) {
        pending_ += key.size() + value.size();
        const auto appended = txn_->append(table, key, value);
        if (!appended && appended.error().code == ErrorCode::kInvalidArgument)
            return in_.damaged("has its log out of order");
        return appended;
    }

    kv::Env& env_;
    StreamReader in_;
    std::unique_ptr<kv::WriteTxn> txn_;
    std::size_t pending_ = 0;
    schema::BucketId bucket_ = 0;
    std::vector<ReplicaId> origins_;
    HlcClock time_;
    std::uint64_t writes_ = 0;
    std::uint64_t entries_ = 0;
};

/// A directory that is removed unless it is kept.
class Scratch {
  public:
    explicit Scratch(std::filesystem::path path) : path_(std::move(path)) { remove(); }
    ~Scratch() {
        if (!kept_) remove();
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }
    Result<void> keep_as(const std::filesystem::path& name) {
        std::error_code failed;
        std::filesystem::rename(path_, name, failed);
        if (failed)
            return fail(ErrorCode::kIo, "cannot make " + name.string() + ": " + failed.message());
        kept_ = true;
        return {};
    }

  private:
    void remove() const {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path path_;
    bool kept_ = false;
};

Result<void> check_empty(const std::filesystem::path& directory) {
    std::error_code failed;
    if (!std::filesystem::exists(directory, failed)) return {};
    if (std::filesystem::is_directory(directory, failed) &&
        std::filesystem::is_empty(directory, failed))
        return {};
    return fail(ErrorCode::kInvalidArgument,
                directory.string() + " is there already; restore into a new directory");
}

}  // namespace

Result<std::vector<Summary>> restore(const std::vector<std::filesystem::path>& files,
                                     const std::filesystem::path& directory,
                                     const Progress& progress) {
    if (files.empty())
        return fail(ErrorCode::kInvalidArgument, "there is no bundle to restore from");
    KIGUMI_CHECK(check_empty(directory));
    Scratch scratch(directory.lexically_normal().string() + ".restoring");
    std::vector<Summary> restored;
    {
        kv::LmdbOptions options;
        options.durable = false;
        KIGUMI_TRY(StreamReader in, StreamReader::open(files.front(), progress));
        KIGUMI_TRY(const auto env, kv::open_lmdb(scratch.path(), options));
        KIGUMI_TRY(Summary full, Loader(*env, std::move(in)).run());
        restored.push_back(std::move(full));
    }
    if (files.size() > 1) {
        KIGUMI_TRY(const auto store, Store::open(scratch.path()));
        KIGUMI_TRY(const auto rest, import(*store, {files.begin() + 1, files.end()}, progress));
        restored.insert(restored.end(), rest.begin(), rest.end());
    }
    KIGUMI_CHECK(scratch.keep_as(directory));
    KIGUMI_CHECK(sync_directory(directory));
    return restored;
}

}  // namespace kigumi::bundle
