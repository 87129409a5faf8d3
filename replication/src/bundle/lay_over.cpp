#include <sodium/randombytes.h>

#include <chrono>
#include <thread>

#include "../import_mark.hpp"
#include "fold_in.hpp"
#include "import.hpp"
#include "stream.hpp"

namespace kigumi::bundle {
namespace {

/// Others write meanwhile.
constexpr auto kPause = std::chrono::milliseconds(2);

tl::unexpected<Error> taken() {
    return fail(ErrorCode::kBusy,
                "a node or another import has used the place where rows are put aside; try again");
}

/// Puts the rows of a bucket aside, some at a time. Nobody else may do so meanwhile: a mark tells
/// whose they are, and a changing one that it is still going on.
class Aside {
  public:
    Aside(Store& store, const Cut& cut, bool as_signed, const ImportSteps& steps)
        : store_(store), cut_(cut), as_signed_(as_signed), steps_(steps) {
        std::uint64_t number = 0;
        randombytes_buf(&number, sizeof number);
        name_ = std::string(kImportMark) + std::to_string(number) + " ";
    }

    /// Takes the place, from whoever has it.
    Result<void> begin() {
        for (;;) {
            KIGUMI_CHECK(fold_in(store_, cut_.bucket));
            KIGUMI_TRY(WriteTransaction tx, store_.write(cut_.bucket));
            if (tx.folding()) continue;
            KIGUMI_TRY(const bool clear, tx.clear_staged(steps_.rows));
            KIGUMI_CHECK(tx.mark_staged(mark()));
            KIGUMI_CHECK(tx.commit());
            if (clear) return {};
            std::this_thread::sleep_for(kPause);
        }
    }

    Result<void> add(KeyedRow row, std::size_t bytes) {
        for (const Write& write : row.row) {
            if (!cut_.version.covers(write.dot))
                return fail(ErrorCode::kCorrupt,
                            "the bundle holds a write that its version does not cover");
            latest_ = std::max(latest_, write.time);
        }
        rows_.push_back(std::move(row));
        bytes_ += bytes;
        if (rows_.size() < steps_.staged_rows && bytes_ < steps_.staged_bytes) return {};
        {
            KIGUMI_TRY(WriteTransaction tx, store_.write(cut_.bucket));
            KIGUMI_CHECK(stage(tx));
            KIGUMI_CHECK(tx.mark_staged(mark()));
            KIGUMI_CHECK(tx.commit());
        }
        std::this_thread::sleep_for(kPause);
        return {};
    }

    Result<void> show() {
        KIGUMI_TRY(WriteTransaction tx, store_.write(cut_.bucket));
        if (!cut_.full() && !tx.version().covers(cut_.base))
            return fail(ErrorCode::kBusy, "the store has gone back in time meanwhile; try again");
        if (cut_.version[tx.self()] > tx.version()[tx.self()])
            return fail(ErrorCode::kBusy, "the store has another identity by now; try again");
        KIGUMI_CHECK(stage(tx));
        KIGUMI_CHECK(tx.lay_over(cut_.version, cut_.floor, cut_.full(), latest_));
        return tx.commit();
    }

  private:
    std::string mark() const { return name_ + std::to_string(staged_); }

    Result<void> stage(WriteTransaction& tx) {
        KIGUMI_CHECK(tx.expect_checked(as_signed_));
        KIGUMI_TRY(const std::string found, tx.staged_mark());
        if (found != mark()) return taken();
        for (const KeyedRow& row : rows_) KIGUMI_CHECK(tx.stage(row));
        staged_ += rows_.size();
        rows_.clear();
        bytes_ = 0;
        return {};
    }

    Store& store_;
    const Cut& cut_;
    const bool as_signed_;
    const ImportSteps& steps_;
    std::string name_;
    std::vector<KeyedRow> rows_;
    std::size_t bytes_ = 0;
    std::uint64_t staged_ = 0;
    Hlc latest_;
};

}  // namespace

Result<void> lay_over(Store& store, const std::filesystem::path& file, const Cut& cut,
                      bool as_signed, const ImportSteps& steps) {
    Aside aside(store, cut, as_signed, steps);
    KIGUMI_CHECK(aside.begin());
    KIGUMI_TRY(StreamReader in, StreamReader::open_at(file, cut.bucket));
    for (;;) {
        KIGUMI_TRY(const Item item, in.next());
        if (item != Item::kRow) break;
        KIGUMI_TRY(KeyedRow row, in.row());
        KIGUMI_CHECK(aside.add(std::move(row), in.record().size()));
    }
    KIGUMI_CHECK(aside.show());
    return fold_in(store, cut.bucket);
}

}  // namespace kigumi::bundle
