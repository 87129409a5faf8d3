#include "import.hpp"

#include <algorithm>

#include "../row_record.hpp"
#include "log_sum.hpp"
#include "stream.hpp"

namespace kigumi::bundle {
namespace {

/// What `have` lacks of `base`; empty if nothing.
std::string missing(const VersionVector& have, const VersionVector& base) {
    for (const auto& [origin, counter] : base)
        if (have[origin] < counter)
            return "it starts behind " + Dot{origin, counter}.text() + ", and this store has got " +
                   (have[origin] == 0 ? "nothing of that replica"
                                      : "as far as " + Dot{origin, have[origin]}.text());
    return {};
}

std::string missing(const Versions& have, const Summary& bundle) {
    for (const Cut& cut : bundle.cuts) {
        const auto at = have.find(cut.bucket);
        const std::string what = missing(at == have.end() ? VersionVector() : at->second, cut.base);
        if (!what.empty()) return what + " of bucket " + cut.bucket;
    }
    return {};
}

/// The order in which each bundle finds what it builds on.
Result<std::vector<std::size_t>> order_of(const std::vector<std::filesystem::path>& files,
                                          const std::vector<Summary>& bundles, Versions have) {
    std::vector<std::size_t> order;
    std::vector<std::size_t> waiting(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) waiting[i] = i;
    while (!waiting.empty()) {
        const auto next = std::find_if(waiting.begin(), waiting.end(), [&](std::size_t i) {
            return missing(have, bundles[i]).empty();
        });
        if (next == waiting.end())
            return fail(ErrorCode::kInvalidArgument,
                        files[waiting.front()].string() +
                            " cannot be joined: " + missing(have, bundles[waiting.front()]) +
                            "; import the bundles before it as well, or a full one");
        for (const Cut& cut : bundles[*next].cuts) have[cut.bucket].merge(cut.version);
        order.push_back(*next);
        waiting.erase(next);
    }
    return order;
}

/// Whether a row is in a full bundle. Asked in the order of the rows, it reads the bundle once.
class SentRows {
  public:
    explicit SentRows(StreamReader in) : in_(std::move(in)) {}

    Result<bool> contain(const RowKey& at) {
        const std::string place = store_key(at).bytes;
        while (!ended_ && here_ < place) {
            KIGUMI_TRY(const Item item, in_.next());
            ended_ = item != Item::kRow;
            here_ = ended_ ? std::string() : std::string(in_.place());
        }
        return !ended_ && here_ == place;
    }

  private:
    StreamReader in_;
    std::string here_;
    bool ended_ = false;
};

/// Rows whose proofs are checked by one snapshot.
constexpr std::size_t kCheckedAtOnce = 256;

/// Checks the proofs of a bucket's rows, if it is signed here; returns whether it is. Before
/// anything is joined, and without keeping writers.
Result<bool> check_proofs(Store& store, const std::filesystem::path& file, const Cut& cut) {
    KIGUMI_TRY(const bool is_signed, store.is_signed(cut.bucket));
    if (!is_signed) return false;
    KIGUMI_TRY(StreamReader in, StreamReader::open_at(file, cut.bucket));
    std::vector<KeyedRow> rows;
    for (bool more = true; more;) {
        KIGUMI_TRY(const Item item, in.next());
        more = item == Item::kRow;
        if (more) {
            KIGUMI_TRY(KeyedRow keyed, in.row());
            rows.push_back(std::move(keyed));
        }
        if (more && rows.size() < kCheckedAtOnce) continue;
        if (auto sound = store.check_proofs(cut.bucket, rows); !sound)
            return fail(sound.error().code,
                        file.string() + " cannot be joined: " + sound.error().message);
        rows.clear();
    }
    return true;
}

/// Whether joining it in one transaction takes longer than a writer should wait.
Result<bool> large(Store& store, const Summary& bundle, const Cut& cut, const ImportSteps& steps) {
    if (cut.rows > steps.rows || bundle.row_bytes > steps.bytes) return true;
    if (!cut.full()) return false;
    // Every row here has to be looked at.
    KIGUMI_TRY(ReadTransaction snapshot, store.read(cut.bucket));
    KIGUMI_TRY(const std::uint64_t items, snapshot.count_items());
    return items > steps.rows;
}

Result<void> join(Store& store, const std::filesystem::path& file, const Summary& bundle,
                  const Cut& cut, bool as_signed, const ImportSteps& steps) {
    KIGUMI_TRY(const ReplicaId self, store.replica());
    {
        KIGUMI_TRY(const ReadTransaction before, store.read(cut.bucket));
        if (before.version().covers(cut.version)) return {};
        // This environment went back in time, or has a twin.
        if (cut.version[self] > before.version()[self]) KIGUMI_CHECK(store.renew_identity(self));
    }
    KIGUMI_TRY(const bool in_steps, large(store, bundle, cut, steps));
    if (in_steps) return lay_over(store, file, cut, as_signed, steps);
    KIGUMI_TRY(WriteTransaction tx, store.write(cut.bucket));
    KIGUMI_CHECK(tx.expect_checked(as_signed));
    if (!cut.full() && !tx.version().covers(cut.base))
        return fail(ErrorCode::kBusy, "the store has gone back in time meanwhile; try again");
    KIGUMI_TRY(StreamReader in, StreamReader::open_at(file, cut.bucket));
    for (;;) {
        KIGUMI_TRY(const Item item, in.next());
        if (item != Item::kRow) break;
        KIGUMI_TRY(const KeyedRow keyed, in.row());
        KIGUMI_CHECK(tx.join_row(keyed, cut.version));
    }
    if (cut.full()) {
        KIGUMI_TRY(StreamReader again, StreamReader::open_at(file, cut.bucket));
        SentRows sent(std::move(again));
        KIGUMI_CHECK(
            tx.drop_unsent(cut.version, [&](const RowKey& at) { return sent.contain(at); }));
    }
    tx.advance(cut.version, cut.floor);
    return tx.commit();
}

}  // namespace

Result<Versions> versions(Store& store) {
    Versions all;
    KIGUMI_TRY(const auto buckets, store.buckets());
    for (const std::string& bucket : buckets) {
        KIGUMI_TRY(const ReadTransaction snapshot, store.read(bucket));
        all.emplace(bucket, snapshot.version());
    }
    return all;
}

Result<void> each_row(const std::filesystem::path& file, std::string_view bucket,
                      const std::function<Result<bool>(const KeyedRow&)>& visit) {
    auto in = StreamReader::open_at(file, bucket);
    if (!in && in.error().code == ErrorCode::kNotFound) return {};
    if (!in) return tl::unexpected<Error>(in.error());
    for (;;) {
        KIGUMI_TRY(const Item item, in->next());
        if (item != Item::kRow) return {};
        KIGUMI_TRY(const KeyedRow keyed, in->row());
        KIGUMI_TRY(const bool more, visit(keyed));
        if (!more) return {};
    }
}

namespace {

/// `restorable`: the log has to be right as well, which only a new environment is made of.
Result<Summary> read_through(const std::filesystem::path& file, const Progress& progress,
                             bool restorable) {
    KIGUMI_TRY(StreamReader in, StreamReader::open(file, progress));
    LogSum log_sum;
    bool full = false;
    for (;;) {
        KIGUMI_TRY(const Item item, in.next());
        if (item == Item::kRow) {
            KIGUMI_TRY(const KeyedRow keyed, in.row(codec::Values::kSkip));
            for (const Write& write : keyed.row)
                if (full && restorable) log_sum.add_write(write.dot, in.place());
        }
        if (item == Item::kLog && restorable)
            log_sum.add_entry({in.origins().names()[in.origin()], in.counter()}, in.place());
        if (item != Item::kBucket && item != Item::kEnd) continue;
        if (!log_sum.take_equal()) return in.damaged("has a log that does not fit its rows");
        if (item == Item::kEnd) return in.summary();
        full = in.cut().full();
    }
}

}  // namespace

Result<Summary> inspect(const std::filesystem::path& file, const Progress& progress) {
    return read_through(file, progress, false);
}

Result<Summary> verify(const std::filesystem::path& file, const Progress& progress) {
    return read_through(file, progress, true);
}

Result<std::vector<Summary>> import(Store& store, const std::vector<std::filesystem::path>& files,
                                    const Progress& progress) {
    return import_in(ImportSteps(), store, files, progress);
}

Result<std::vector<Summary>> import_in(const ImportSteps& steps, Store& store,
                                       const std::vector<std::filesystem::path>& files,
                                       const Progress& progress) {
    std::vector<Summary> bundles;
    for (const auto& file : files) {
        KIGUMI_TRY(Summary bundle, inspect(file, progress));
        bundles.push_back(std::move(bundle));
    }
    KIGUMI_TRY(const Versions have, versions(store));
    KIGUMI_TRY(const auto order, order_of(files, bundles, have));
    std::vector<Summary> joined;
    for (const std::size_t i : order) {
        std::vector<bool> as_signed;
        for (const Cut& cut : bundles[i].cuts) {
            KIGUMI_TRY(const bool is_signed, check_proofs(store, files[i], cut));
            as_signed.push_back(is_signed);
        }
        for (std::size_t at = 0; at < as_signed.size(); ++at)
            KIGUMI_CHECK(
                join(store, files[i], bundles[i], bundles[i].cuts[at], as_signed[at], steps));
        joined.push_back(bundles[i]);
    }
    return joined;
}

}  // namespace kigumi::bundle
