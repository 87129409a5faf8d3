#include "kigumi/replication/check.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "kigumi/crdt/json.hpp"
#include "row_record.hpp"

namespace kigumi::check {
namespace {

using Clock = std::chrono::steady_clock;

/// Rows and entries between two looks at the clock.
constexpr std::size_t kStep = 256;
constexpr std::size_t kLogStep = 65'536;

bool mendable(Kind kind) {
    return kind == Kind::kFloorAboveVersion || kind == Kind::kMissingLogEntry ||
           kind == Kind::kStrayLogEntry || kind == Kind::kMissingRemovedEntry ||
           kind == Kind::kStrayRemovedEntry;
}

/// Whether a source may have what the row lacks.
bool about_lost_writes(const Problem& problem) {
    return problem.kind == Kind::kDamagedRecord || problem.kind == Kind::kLostRow ||
           problem.kind == Kind::kStrayLogEntry;
}

Result<std::vector<std::string>> chosen_buckets(Store& store, const Options& options) {
    KIGUMI_TRY(auto names, store.buckets());
    if (!options.bucket) return names;
    if (std::find(names.begin(), names.end(), *options.bucket) == names.end())
        return fail(ErrorCode::kNotFound, "there is no bucket " + json_string(*options.bucket) +
                                              "; `kigumi status` lists those that exist");
    return std::vector<std::string>{*options.bucket};
}

/// One walk through a store.
class Walk {
  public:
    Walk(Store& store, const Options& options) : store_(store), options_(options) {}

    /// Hands each problem to `found`, while no snapshot is open.
    Result<void> run(const std::function<Result<void>(Problem)>& found) {
        KIGUMI_TRY(const auto buckets, chosen_buckets(store_, options_));
        for (const std::string& bucket : buckets) {
            Position position;
            while (!position.done) {
                KIGUMI_TRY(auto problems, look(bucket, position));
                for (Problem& problem : problems) {
                    problem.bucket = bucket;
                    KIGUMI_CHECK(found(std::move(problem)));
                }
            }
            looked_at_ += position.looked_at;
        }
        return {};
    }
    std::uint64_t looked_at() const { return looked_at_; }

  private:
    /// Goes on until there are problems, the bucket ends or the snapshot has been kept for long
    /// enough.
    Result<std::vector<Problem>> look(const std::string& bucket, Position& position) {
        const auto until = Clock::now() + std::chrono::milliseconds(options_.snapshot_ms);
        KIGUMI_TRY(auto snapshot, store_.read(bucket));
        KIGUMI_TRY(const std::uint64_t total, snapshot.count_items());
        std::vector<Problem> problems;
        do {
            KIGUMI_TRY(problems, snapshot.inspect(position, kStep));
            const std::uint64_t done = looked_at_ + position.looked_at;
            if (options_.progress) options_.progress(std::min(done, total), total);
        } while (problems.empty() && !position.done && Clock::now() < until);
        return problems;
    }

    Store& store_;
    const Options& options_;
    std::uint64_t looked_at_ = 0;
};

void list(Report& report, const Options& options, Problem problem) {
    ++report.found;
    if (problem.repaired) ++report.repaired;
    if (report.problems.size() < options.max_listed) report.problems.push_back(std::move(problem));
}

/// A row that lacks writes, and those that the log names for it.
struct LackingRow {
    Problem problem;
    std::vector<Dot> named;

    bool would_be(const Row& row) const {
        return row.size() == named.size() &&
               std::all_of(named.begin(), named.end(),
                           [&row](const Dot& dot) { return row.find(dot) != nullptr; });
    }
};
/// By bucket and place.
using Lacking = std::map<std::string, std::map<std::string, LackingRow>>;

Result<Lacking> find_lacking(Store& store, const Options& options) {
    Lacking lacking;
    std::size_t rows = 0;
    KIGUMI_CHECK(Walk(store, options).run([&](const Problem& problem) -> Result<void> {
        if (about_lost_writes(problem) && rows < options.max_listed &&
            lacking[problem.bucket].try_emplace(problem.place, LackingRow{problem, {}}).second)
            ++rows;
        return {};
    }));
    for (auto& [bucket, places] : lacking) {
        std::string cursor;
        do {
            KIGUMI_TRY(auto snapshot, store.read(bucket));
            KIGUMI_CHECK(snapshot.each_log_entry(
                cursor, kLogStep, [&places = places](const Dot& dot, std::string_view place) {
                    const auto it = places.find(std::string(place));
                    if (it != places.end()) it->second.named.push_back(dot);
                }));
        } while (!cursor.empty());
    }
    return lacking;
}

/// Takes rows that lack writes from the sources, as far as these have just what the log names.
Result<void> restore_rows(Store& store, const std::vector<Rows>& sources, const Options& options,
                          Report& report) {
    KIGUMI_TRY(Lacking lacking, find_lacking(store, options));
    for (auto& [name, all] : lacking) {
        const std::string& bucket = name;
        auto& places = all;
        const auto take = [&](const KeyedRow& keyed) -> Result<bool> {
            const std::string place = store_key(keyed.at).bytes;
            const auto it = places.find(place);
            if (it == places.end() || !it->second.would_be(keyed.row)) return true;
            KIGUMI_TRY(const bool as_signed, store.check_proofs(bucket, {keyed}));
            KIGUMI_TRY(WriteTransaction txn, store.write(bucket));
            KIGUMI_CHECK(txn.expect_checked(as_signed));
            KIGUMI_CHECK(txn.restore_row(keyed, it->second.named));
            KIGUMI_CHECK(txn.commit());
            Problem& problem = it->second.problem;
            problem.at = keyed.at;
            problem.repaired = true;
            list(report, options, std::move(problem));
            places.erase(it);
            return !places.empty();
        };
        for (const Rows& source : sources)
            if (!places.empty()) KIGUMI_CHECK(source(bucket, take));
    }
    return {};
}

Result<void> mend(Store& store, Problem& problem) {
    if (!mendable(problem.kind)) return {};
    KIGUMI_TRY(WriteTransaction txn, store.write(problem.bucket));
    // Mending another one may have mended it.
    KIGUMI_CHECK(txn.mend(problem));
    problem.repaired = true;
    return txn.commit();
}

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::kDamagedRecord:
            return "damaged_record";
        case Kind::kUncoveredWrite:
            return "uncovered_write";
        case Kind::kWriteInTwoRows:
            return "write_in_two_rows";
        case Kind::kMissingLogEntry:
            return "missing_log_entry";
        case Kind::kStrayLogEntry:
            return "stray_log_entry";
        case Kind::kLostRow:
            return "lost_row";
        case Kind::kMissingRemovedEntry:
            return "missing_removed_entry";
        case Kind::kStrayRemovedEntry:
            return "stray_removed_entry";
        case Kind::kUnprovenWrite:
            return "unproven_write";
        case Kind::kFloorAboveVersion:
            return "floor_above_version";
    }
    return "";
}

std::string describe(const Problem& problem) {
    const std::string write = "write " + (problem.dot ? problem.dot->text() : "of nobody");
    switch (problem.kind) {
        case Kind::kDamagedRecord:
            return "the row fails its checksum";
        case Kind::kUncoveredWrite:
            return "the row holds " + write + ", which the bucket's version does not cover";
        case Kind::kWriteInTwoRows:
            return "the row holds " + write + ", which another row holds as well";
        case Kind::kMissingLogEntry:
            return "the log has no entry for " + write;
        case Kind::kStrayLogEntry:
            return "the log has an entry for " + write + ", which the row does not hold";
        case Kind::kLostRow:
            return "the log names the row for " + write + ", and it is not there";
        case Kind::kMissingRemovedEntry:
            return "the row holds nothing but removals, and `removed` lacks it";
        case Kind::kStrayRemovedEntry:
            return "`removed` names the row, which is not there or holds more than removals";
        case Kind::kUnprovenWrite:
            return "the row holds " + write +
                   ", which bears no sound proof, and the bucket is signed; somebody has changed "
                   "the file: restore this replica from a peer or a backup";
        case Kind::kFloorAboveVersion:
            return "its floor or horizon names events up to " +
                   (problem.dot ? problem.dot->text() : std::string("nobody")) +
                   ", which its version does not cover; a peer has lied, or the file was changed";
    }
    return "";
}

Result<Report> run(Store& store, const Options& options) {
    Report report;
    Walk walk(store, options);
    KIGUMI_CHECK(walk.run([&](Problem problem) -> Result<void> {
        list(report, options, std::move(problem));
        return {};
    }));
    report.looked_at = walk.looked_at();
    return report;
}

Result<Report> repair(Store& store, const std::vector<Rows>& sources, const Options& options) {
    Report report;
    // First: a log entry whose write is gone tells what a source has to have.
    if (!sources.empty()) KIGUMI_CHECK(restore_rows(store, sources, options, report));
    Walk walk(store, options);
    KIGUMI_CHECK(walk.run([&](Problem problem) -> Result<void> {
        KIGUMI_CHECK(mend(store, problem));
        list(report, options, std::move(problem));
        return {};
    }));
    report.looked_at = walk.looked_at();
    return report;
}

}  // namespace kigumi::check
