#include "kigumi/replication/batch.hpp"

#include "check.hpp"
#include "input.hpp"

/// Batches from anybody: what decodes is canonical once it is written again, and its rows obey the
/// laws of the join.
namespace kigumi::fuzz {
namespace {

constexpr std::size_t kRowsToJoin = 32;
constexpr std::size_t kWritesToJoin = 64;

/// A history that ends in the writes of a row: some of them were replaced by the next one. The
/// state at a vector is then known, and joins can be held against it.
class RowHistory {
  public:
    RowHistory(const Row& row, Numbers& numbers) : writes_(row.begin(), row.end()) {
        for (std::size_t i = 0; i < writes_.size(); ++i)
            replaced_.push_back(i + 1 < writes_.size() && numbers.below(3) == 0);
    }

    /// A vector that some replica could stand at: whoever saw a write saw what that one replaced.
    VersionVector cut(Numbers& numbers) const {
        VersionVector version;
        for (const Write& write : writes_)
            if (numbers.below(2) == 0) version.raise(write.dot.origin, write.dot.counter);
        for (bool closed = false; !closed;) {
            closed = true;
            for (std::size_t i = 0; i + 1 < writes_.size(); ++i) {
                if (!replaced_[i] || !version.covers(writes_[i + 1].dot)) continue;
                if (version.covers(writes_[i].dot)) continue;
                version.raise(writes_[i].dot.origin, writes_[i].dot.counter);
                closed = false;
            }
        }
        return version;
    }

    Row at(const VersionVector& version) const {
        Row row;
        for (std::size_t i = 0; i < writes_.size(); ++i) {
            if (!version.covers(writes_[i].dot)) continue;
            if (replaced_[i] && version.covers(writes_[i + 1].dot)) continue;
            row.insert(writes_[i]);
        }
        return row;
    }

  private:
    std::vector<Write> writes_;
    std::vector<bool> replaced_;
};

VersionVector both(VersionVector one, const VersionVector& other) {
    one.merge(other);
    return one;
}

void check_join(const Row& row, Numbers& numbers) {
    const RowHistory history(row, numbers);
    const VersionVector va = history.cut(numbers);
    const VersionVector vb = history.cut(numbers);
    const VersionVector vc = history.cut(numbers);
    const Row a = history.at(va);
    const Row b = history.at(vb);
    const Row c = history.at(vc);
    const Row ab = join(a, va, b, vb);
    require(ab == history.at(both(va, vb)), "a join is the state at the merged vector");
    require(ab == join(b, vb, a, va), "a join is commutative");
    require(a == join(a, va, a, va), "a join is idempotent");
    require(ab == join(ab, both(va, vb), b, vb), "a join absorbs");
    require(join(ab, both(va, vb), c, vc) == join(a, va, join(b, vb, c, vc), both(vb, vc)),
            "a join is associative");
}

void run(std::string_view bytes) {
    const auto rows = decode_batch(bytes);
    if (!rows) return;
    const std::string encoded = encode_batch(*rows);
    const auto again = decode_batch(encoded);
    require(again.has_value(), "what was written can be read");
    require(*again == *rows, "a batch survives a round trip");
    require(encode_batch(*again) == encoded, "the form of a batch is canonical");

    Numbers numbers(bytes);
    for (std::size_t i = 0; i < std::min(rows->size(), kRowsToJoin); ++i)
        if ((*rows)[i].row.size() <= kWritesToJoin) check_join((*rows)[i].row, numbers);
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
