#include <algorithm>

#include "../big_endian.hpp"
#include "../schema.hpp"
#include "log_sum.hpp"
#include "stream.hpp"
#include "table_filler.hpp"

namespace kigumi::bundle {
namespace {

using kv::Table;

constexpr std::size_t kBatchBytes = std::size_t{512} << 10;

/// Fills a new environment from one full bundle. Each table is written in its order, so that LMDB
/// appends; numbers of origins and records stay as they are.
class Loader {
  public:
    Loader(kv::Env& env, StreamReader in) : in_(std::move(in)), filler_(env) {}

    Result<Summary> run() {
        for (;;) {
            KIGUMI_TRY(const Item item, in_.next());
            if (item == Item::kBucket || item == Item::kEnd) KIGUMI_CHECK(end_bucket());
            if (item == Item::kEnd) break;
            if (item == Item::kBucket) KIGUMI_CHECK(begin_bucket());
            if (item == Item::kRow) KIGUMI_CHECK(row());
            if (item == Item::kLog) log_entry();
            if (batch_.bytes() > kBatchBytes) KIGUMI_CHECK(hand_over());
        }
        KIGUMI_CHECK(hand_over());
        batch_.first = [time = time_.last(), proven = proven_](kv::WriteTxn& txn) -> Result<void> {
            KIGUMI_CHECK(
                schema::put_format(txn, proven ? schema::kProvenFormat : schema::kFormatVersion));
            return schema::put_last_time(txn, time);
        };
        KIGUMI_CHECK(hand_over());
        KIGUMI_CHECK(explained(filler_.finish()));
        return in_.summary();
    }

  private:
    /// Stands for the numbers that the bundle's records bear already.
    class Numbers : public codec::OriginNumbers {
      public:
        explicit Numbers(const std::vector<ReplicaId>& names) : names_(names) {}
        std::uint64_t number_of(const ReplicaId& origin) override {
            const auto at = std::find(names_.begin(), names_.end(), origin);
            return static_cast<std::uint64_t>(at - names_.begin());
        }

      private:
        const std::vector<ReplicaId>& names_;
    };

    Result<void> hand_over() { return explained(filler_.add(batch_)); }

    /// What cannot be appended came in the wrong order.
    Result<void> explained(Result<void> written) const {
        if (written || written.error().code != ErrorCode::kInvalidArgument) return written;
        return in_.damaged("has its log out of order");
    }

    Result<void> begin_bucket() {
        const Cut& cut = in_.cut();
        if (!cut.full())
            return fail(ErrorCode::kInvalidArgument,
                        "the first bundle has to be full, and its bucket " + cut.bucket +
                            " builds on an earlier one; give that first");
        const auto& names = in_.origins().names();
        for (std::size_t i = 0; i < std::min(origins_.size(), names.size()); ++i)
            if (origins_[i] != names[i]) return in_.damaged("contradicts itself");
        Numbers numbers(names);
        for (const auto& [origin, counter] : cut.version)
            if (numbers.number_of(origin) == names.size())
                return in_.damaged("does not name all its replicas");
        KIGUMI_CHECK(hand_over());
        // What the source had dropped is at or below G.
        batch_.first = [cut, names, known = origins_.size(),
                        bucket = ++bucket_](kv::WriteTxn& txn) -> Result<void> {
            std::string number;
            append_u32(number, bucket);
            KIGUMI_CHECK(txn.put(Table::kBuckets, cut.bucket, number));
            for (std::size_t i = known; i < names.size(); ++i) {
                number.clear();
                append_u32(number, static_cast<std::uint32_t>(i));
                KIGUMI_CHECK(txn.put(Table::kOrigins, number, names[i].bytes()));
            }
            Numbers own(names);
            return schema::put_clock(txn, bucket, {}, {cut.version, cut.floor, cut.floor}, own);
        };
        if (names.size() > origins_.size()) origins_ = names;
        return {};
    }

    Result<void> row() {
        KIGUMI_TRY(const KeyedRow keyed, in_.row(codec::Values::kSkip));
        key_ = schema::bucket_prefix(bucket_);
        key_ += in_.place();
        batch_.append(Table::kRows, key_, in_.record());
        if (keyed.row.removed()) batch_.append(Table::kRemoved, key_, {});
        for (const Write& write : keyed.row) {
            time_.observe(write.time, in_.summary().time_ms);
            log_sum_.add_write(write.dot, in_.place());
            proven_ = proven_ || !write.proof.empty();
        }
        return {};
    }

    void log_entry() {
        const ReplicaId& origin = in_.origins().names()[in_.origin()];
        log_sum_.add_entry({origin, in_.counter()}, in_.place());
        batch_.append(Table::kLog, schema::log_key(bucket_, in_.origin(), in_.counter()),
                      in_.place());
    }

    Result<void> end_bucket() {
        if (!log_sum_.take_equal()) return in_.damaged("has a log that does not fit its rows");
        return {};
    }

    StreamReader in_;
    TableFiller filler_;
    TableBatch batch_;
    std::string key_;
    schema::BucketId bucket_ = 0;
    std::vector<ReplicaId> origins_;
    HlcClock time_;
    LogSum log_sum_;
    bool proven_ = false;  ///< some write bears a proof
};

}  // namespace

Result<std::vector<Summary>> restore(const std::vector<std::filesystem::path>& files,
                                     const std::filesystem::path& directory,
                                     const Progress& progress) {
    if (files.empty())
        return fail(ErrorCode::kInvalidArgument, "there is no bundle to restore from");
    KIGUMI_CHECK(files::check_vacant(directory));
    const auto name = directory.lexically_normal();
    KIGUMI_TRY(auto scratch, files::Scratch::beside(name.string() + ".restoring"));
    std::vector<Summary> restored;
    {
        kv::LmdbOptions options;
        options.durable = false;
        KIGUMI_TRY(StreamReader in, StreamReader::open(files.front(), progress));
        KIGUMI_TRY(const auto env, kv::open_lmdb(scratch.path(), options));
        KIGUMI_TRY(Summary full, Loader(*env, std::move(in)).run());
        KIGUMI_CHECK(env->sync());
        restored.push_back(std::move(full));
    }
    if (files.size() > 1) {
        KIGUMI_TRY(const auto store, Store::open(scratch.path()));
        KIGUMI_TRY(const auto rest, import(*store, {files.begin() + 1, files.end()}, progress));
        restored.insert(restored.end(), rest.begin(), rest.end());
    }
    KIGUMI_CHECK(scratch.become(name));
    return restored;
}

}  // namespace kigumi::bundle
