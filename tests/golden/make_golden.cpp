#include <cstdio>
#include <fstream>

#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/members.hpp"

/// make_golden DIRECTORY: writes an environment and bundles with one of everything, for the golden
/// files of a new version of the formats. Those of a released version are never written again.
namespace kigumi {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kEpochMs = 1'800'000'000'000;

std::unique_ptr<Store> open(const fs::path& directory, std::uint8_t number) {
    StoreOptions options;
    options.wall_ms = [now = kEpochMs]() mutable { return ++now; };
    options.random = [number](std::span<std::uint8_t> out) {
        std::fill(out.begin(), out.end(), static_cast<std::uint8_t>(0x11 * number));
    };
    return Store::open(directory, options).value();
}

void write(Store& store, const std::string& who) {
    auto txn = store.write().value();
    txn.reg("register")
        .assign(Value(
            Object{{"by", Value(who)},
                   {"list", Value(Array{Value(), Value(true), Value(-1), Value(1.5), Value(1.0)})},
                   {"raw", Value(Bytes{std::string("\0\xFF", 2)})}}))
        .value();
    txn.reg("gone").assign(Value(who)).value();
    txn.reg("gone").erase().value();
    txn.flag("flag").enable().value();
    txn.set("set").add(Value(who)).value();
    txn.set("set").add(Value(std::string(150, 'm'))).value();
    txn.set(std::string(300, 'k')).add(Value(Array{Value(1), Value("x")})).value();
    txn.set(std::string("zero\0key", 8)).add(Value(0.5)).value();
    txn.counter("counter").add(10).value();
    txn.counter("counter").add(-3).value();
    txn.map("map").reg("field").assign(Value(who)).value();
    txn.map("map").counter("hits").add(1).value();
    txn.map("map").set("tags").add(Value(who)).value();
    txn.request("sale-17").once([&] { return Result<Value>(Value(who)); }).value();
    txn.commit().value();
}

void make(const fs::path& into) {
    fs::create_directories(into);
    const fs::path scratch = fs::temp_directory_path() / "kigumi-golden";
    fs::remove_all(scratch);
    {
        const auto one = open(scratch / "one", 1);
        const auto two = open(scratch / "two", 2);
        write(*one, "one");
        write(*two, "two");
        members::put(*one, one->replica().value(), members::Standing::kMember).value();
        members::put(*one, two->replica().value(), members::Standing::kRetired).value();
        bundle::write(*two, scratch / "two.bundle").value();
        bundle::import(*one, {scratch / "two.bundle"}).value();
        const auto full = bundle::write(*one, into / "full.bundle").value();
        auto txn = one->write().value();
        txn.counter("counter").reset().value();
        txn.set("set").erase(Value("two")).value();
        txn.reg("late").assign(Value("after the full bundle")).value();
        txn.commit().value();
        auto other = one->write("other").value();
        other.flag("flag").disable().value();
        other.commit().value();
        bundle::WriteOptions since;
        for (const auto& cut : full.cuts) since.since.emplace(cut.bucket, cut.version);
        bundle::write(*one, into / "since.bundle", since).value();
    }
    fs::copy_file(scratch / "one" / "data.mdb", into / "data.mdb",
                  fs::copy_options::overwrite_existing);
    fs::remove_all(scratch);
}

}  // namespace
}  // namespace kigumi

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_golden DIRECTORY\n");
        return 2;
    }
    kigumi::make(argv[1]);
    return 0;
}
