#include "load.hpp"

#include <sstream>

#include "check.hpp"
#include "input.hpp"
#include "kigumi/replication/memory_env.hpp"

/// `kigumi load` on a stream from anybody: an error keeps nothing of its transaction, and what was
/// kept is sound.
namespace kigumi::fuzz {
namespace {

using Tables = kv::MemoryEnv::Tables;

StoreOptions fixed_options() {
    StoreOptions options;
    options.wall_ms = [] { return std::uint64_t{1'700'000'000'000}; };
    options.random = [](std::span<std::uint8_t> out) { std::fill(out.begin(), out.end(), 7); };
    return options;
}

void check_sound(Store& store) {
    auto snapshot = store.read();
    require(snapshot.has_value(), "the bucket can be read");
    require(snapshot->check_log().has_value(), "the log holds each write once");
    require(snapshot->each_object([](const std::string&, Type) { return true; }).has_value(),
            "all objects can be read");
}

void run(std::string_view bytes) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    auto store = Store::over(env, fixed_options());
    require(store.has_value(), "a store over memory opens");
    {
        // A key that is taken, so that the wrong type for it is among the errors.
        auto txn = (*store)->write();
        require(txn && txn->counter("k").add(1) && txn->commit(), "a counter can be written");
    }
    std::shared_ptr<const Tables> kept = std::make_shared<const Tables>(*env->state());
    std::uint64_t lines = 0;
    std::istringstream in{std::string(bytes)};
    const auto loaded = load_lines(**store, kDefaultBucket, in, [&](const LoadProgress& progress) {
        require(progress.lines > lines, "progress goes forward");
        require(progress.bytes <= bytes.size(), "no more is read than there is");
        lines = progress.lines;
        kept = std::make_shared<const Tables>(*env->state());
    });
    require(!loaded || *loaded == lines, "the count is that of the lines that are kept");
    require(*env->state() == *kept, "nothing is kept but what progress was told");
    check_sound(**store);
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
