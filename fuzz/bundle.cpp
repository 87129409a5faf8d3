#include "kigumi/replication/bundle.hpp"

#include <unistd.h>

#include <fstream>

#include "big_endian.hpp"
#include "bundle/block_file.hpp"
#include "check.hpp"
#include "input.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "row_record.hpp"

/// Bundles from anybody. The first byte says what the others are: 0, a file as it is; otherwise the
/// stream in it, which the harness puts into blocks, with the records' checksums set right so that
/// the inside is reached.
namespace kigumi::fuzz {
namespace {

/// A directory in memory where there is one: each run writes files.
const std::filesystem::path& directory() {
    static const std::filesystem::path path = [] {
        const std::filesystem::path memory = "/dev/shm";
        const auto root =
            std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
        auto made = root / ("kigumi-fuzz-" + std::to_string(getpid()));
        std::filesystem::create_directories(made);
        static const struct Remover {
            std::filesystem::path path;
            ~Remover() {
                std::error_code ignored;
                std::filesystem::remove_all(path, ignored);
            }
        } remover{made};
        return made;
    }();
    return path;
}

/// Sets the checksum of each record right, as far as the items can be followed.
void mend(std::string& stream) {
    const auto u32 = [&stream](std::size_t at) {
        return at < stream.size() ? std::size_t{read_u32(std::string_view(stream).substr(at))} : 0;
    };
    std::size_t at = 4 + u32(0);
    while (at < stream.size()) {
        const char kind = stream[at++];
        if (kind == 1) {
            at += 4 + u32(at);
        } else if (kind == 3) {
            at += 16 + u32(at + 12);
        } else if (kind == 2) {
            const std::size_t place = u32(at);
            const std::size_t record = u32(at + 4);
            at += 8;
            if (record < 4 || at > stream.size() || stream.size() - at < place + record) return;
            const std::string_view rest = std::string_view(stream).substr(at);
            const std::string sum =
                record_checksum(rest.substr(0, place), rest.substr(place + 4, record - 4));
            stream.replace(at + place, 4, sum);
            at += place + record;
        } else {
            return;
        }
    }
}

void check_sound(Store& store) {
    for (const std::string& bucket : store.buckets().value()) {
        auto snapshot = store.read(bucket);
        require(snapshot.has_value(), "the bucket can be read");
        require(snapshot->check_log().has_value(), "the log holds each write once");
        require(snapshot->version().covers(snapshot->floor()), "V covers G");
    }
}

void run(std::string_view bytes) {
    Input input(bytes);
    const bool whole = input.byte() == 0;
    const auto file = directory() / "bundle";
    if (whole) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << input.rest();
    } else {
        std::string stream(input.rest());
        mend(stream);
        auto out = bundle::BlockWriter::create(file, bundle::Format::kPlain);
        require(out && (*out)->write(stream) && (*out)->seal() && (*out)->publish(),
                "a file can be written");
    }
    const auto summary = bundle::inspect(file);
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    const auto joined = bundle::import(*store, {file});
    require(summary || !joined, "what is joined checks out");
    check_sound(*store);
    const auto restored = directory() / "restored";
    std::filesystem::remove_all(restored);
    if (bundle::restore({file}, restored)) {
        require(joined.has_value(), "what can be restored can be joined");
        check_sound(*Store::open(restored).value());
    } else {
        require(!std::filesystem::exists(restored), "a refused bundle leaves nothing");
    }
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
