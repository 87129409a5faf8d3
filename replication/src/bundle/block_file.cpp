#include "block_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "../big_endian.hpp"

namespace kigumi::bundle {
namespace {

/// The last byte is the version of the format.
constexpr std::string_view kMagic("KIGUMI\0\1", 8);
constexpr std::size_t kHeaderBytes = 16;
/// Fast enough for a disk; higher levels save a tenth and take twice as long.
constexpr int kLevel = 1;

std::size_t threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

std::uint64_t first_link() { return XXH3_64bits(kMagic.data(), kMagic.size()); }

std::uint64_t next_link(std::string_view sizes, std::string_view stored, std::uint64_t link) {
    const std::uint64_t seed = XXH3_64bits_withSeed(sizes.data(), sizes.size(), link);
    return XXH3_64bits_withSeed(stored.data(), stored.size(), seed);
}

tl::unexpected<Error> failed(std::string_view doing, const std::filesystem::path& file) {
    const ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::kFull : ErrorCode::kIo;
    return fail(code,
                "cannot " + std::string(doing) + " " + file.string() + ": " + std::strerror(errno));
}

/// The block as it is stored, but for the checksum.
Result<std::string> compress(const std::string& raw) {
    std::string stored(kHeaderBytes + ZSTD_compressBound(raw.size()), '\0');
    const std::size_t size = ZSTD_compress(
        stored.data() + kHeaderBytes, stored.size() - kHeaderBytes, raw.data(), raw.size(), kLevel);
    if (ZSTD_isError(size) != 0)
        return fail(ErrorCode::kIo,
                    std::string("cannot compress a block: ") + ZSTD_getErrorName(size));
    stored.resize(kHeaderBytes + size);
    std::string sizes;
    append_u32(sizes, static_cast<std::uint32_t>(size));
    append_u32(sizes, static_cast<std::uint32_t>(raw.size()));
    stored.replace(0, sizes.size(), sizes);
    return stored;
}

Result<std::string> decompress(const std::string& stored, std::size_t raw_size) {
    std::string raw(raw_size, '\0');
    const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != raw_size)
        return fail(ErrorCode::kCorrupt, "a block does not decompress");
    return raw;
}

}  // namespace

Result<void> sync_directory(const std::filesystem::path& file) {
    const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const File directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || fsync(directory.get()) != 0) return failed("sync", parent);
    return {};
}

File::~File() {
    if (fd_ >= 0) close(fd_);
}
File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
File& File::operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

BlockWriter::BlockWriter(std::filesystem::path file)
    : file_(std::move(file)), unfinished_(file_.string() + ".partial"), chain_(first_link()) {}

BlockWriter::~BlockWriter() {
    if (!finished_ && out_.get() >= 0) unlink(unfinished_.c_str());
}

Result<std::unique_ptr<BlockWriter>> BlockWriter::create(const std::filesystem::path& file) {
    std::unique_ptr<BlockWriter> writer(new BlockWriter(file));
    const auto& path = writer->unfinished_;
    writer->out_ = File(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (writer->out_.get() < 0) return failed("write", path);
    KIGUMI_CHECK(writer->write_raw(kMagic));
    return writer;
}

Result<void> BlockWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t part = std::min(bytes.size(), kBlockBytes - raw_.size());
        raw_ += bytes.substr(0, part);
        bytes.remove_prefix(part);
        if (raw_.size() == kBlockBytes) KIGUMI_CHECK(start_block());
    }
    return {};
}

Result<void> BlockWriter::start_block() {
    if (compressing_.size() >= threads()) KIGUMI_CHECK(write_oldest());
    compressing_.push_back(
        std::async(std::launch::async, [raw = std::move(raw_)] { return compress(raw); }));
    raw_.clear();
    raw_.reserve(kBlockBytes);
    return {};
}

Result<void> BlockWriter::write_oldest() {
    KIGUMI_TRY(std::string block, compressing_.front().get());
    compressing_.pop_front();
    const std::string_view all = block;
    chain_ = next_link(all.substr(0, 8), all.substr(kHeaderBytes), chain_);
    std::string link;
    append_u64(link, chain_);
    block.replace(8, link.size(), link);
    return write_raw(block);
}

Result<void> BlockWriter::write_raw(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(out_.get(), bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return failed("write", unfinished_);
        bytes.remove_prefix(static_cast<std::size_t>(size));
        written_ += static_cast<std::uint64_t>(size);
    }
    return {};
}

Result<std::uint64_t> BlockWriter::finish() {
    if (!raw_.empty()) KIGUMI_CHECK(start_block());
    while (!compressing_.empty()) KIGUMI_CHECK(write_oldest());
    if (fsync(out_.get()) != 0) return failed("sync", unfinished_);
    if (rename(unfinished_.c_str(), file_.c_str()) != 0) return failed("write", file_);
    finished_ = true;
    KIGUMI_CHECK(sync_directory(file_));
    return written_;
}

BlockReader::BlockReader(std::filesystem::path file)
    : file_(std::move(file)), chain_(first_link()) {}

Result<std::unique_ptr<BlockReader>> BlockReader::open(const std::filesystem::path& file) {
    std::unique_ptr<BlockReader> reader(new BlockReader(file));
    reader->in_ = File(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (reader->in_.get() < 0 || fstat(reader->in_.get(), &info) != 0) return failed("read", file);
    if (!S_ISREG(info.st_mode))
        return fail(ErrorCode::kInvalidArgument, file.string() + " is not a file");
    reader->file_bytes_ = static_cast<std::uint64_t>(info.st_size);
    const bool whole = reader->file_bytes_ >= kMagic.size();
    KIGUMI_TRY(const std::string magic, reader->read_raw(whole ? kMagic.size() : 0));
    if (magic.substr(0, 7) != kMagic.substr(0, 7))
        return fail(ErrorCode::kInvalidArgument, file.string() + " is not a bundle");
    if (magic != kMagic)
        return fail(ErrorCode::kUnsupported,
                    file.string() + " is a bundle of format " +
                        std::to_string(static_cast<unsigned char>(magic.back())) +
                        " and this version reads format 1; use the version that wrote it");
    return reader;
}

Result<std::string> BlockReader::read_raw(std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::read(in_.get(), bytes.data() + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("read", file_);
        if (got == 0) return damaged_at(read_ + done, "ends too early");
        done += static_cast<std::size_t>(got);
    }
    read_ += size;
    return bytes;
}

Result<void> BlockReader::read_ahead() {
    while (ahead_.size() < threads() && read_ < file_bytes_) {
        const std::uint64_t offset = read_;
        if (file_bytes_ - read_ < kHeaderBytes) return damaged_at(offset, "ends too early");
        KIGUMI_TRY(const std::string header, read_raw(kHeaderBytes));
        const std::uint32_t stored_size = read_u32(header);
        const std::uint32_t raw_size = read_u32(header.substr(4));
        if (raw_size == 0 || raw_size > kBlockBytes ||
            stored_size > ZSTD_compressBound(kBlockBytes))
            return damaged_at(offset, "is damaged");
        if (file_bytes_ - read_ < stored_size) return damaged_at(offset, "ends too early");
        KIGUMI_TRY(std::string stored, read_raw(stored_size));
        chain_ = next_link(std::string_view(header).substr(0, 8), stored, chain_);
        if (chain_ != read_u64(header.substr(8))) return damaged_at(offset, "is damaged");
        ahead_.push_back(
            {offset, std::async(std::launch::async, [stored = std::move(stored), raw_size] {
                 return decompress(stored, raw_size);
             })});
    }
    return {};
}

Result<bool> BlockReader::load() {
    if (!broken_) {
        const auto ahead = read_ahead();
        if (!ahead) broken_ = ahead.error();
    }
    if (ahead_.empty()) {
        if (broken_) return tl::unexpected<Error>(*broken_);
        return false;
    }
    Block block = std::move(ahead_.front());
    ahead_.pop_front();
    offset_ = block.offset;
    auto raw = block.raw.get();
    if (!raw) return damaged_at(offset_, "is damaged");
    buffer_.erase(0, taken_);
    taken_ = 0;
    if (buffer_.empty()) {
        buffer_ = std::move(*raw);
    } else {
        buffer_ += *raw;
    }
    return true;
}

Result<std::string_view> BlockReader::take(std::size_t size) {
    while (buffer_.size() - taken_ < size) {
        KIGUMI_TRY(const bool more, load());
        if (!more) return damaged_at(file_bytes_, "ends too early");
    }
    const std::string_view bytes = std::string_view(buffer_).substr(taken_, size);
    taken_ += size;
    return bytes;
}

Result<bool> BlockReader::at_end() {
    if (taken_ < buffer_.size()) return false;
    KIGUMI_TRY(const bool more, load());
    return !more;
}

tl::unexpected<Error> BlockReader::damaged(std::string_view what) const {
    return damaged_at(offset_, what);
}

tl::unexpected<Error> BlockReader::damaged_at(std::uint64_t offset, std::string_view what) const {
    return fail(ErrorCode::kCorrupt, file_.string() + " " + std::string(what) + " (at offset " +
                                         std::to_string(offset) + "); use another copy of it");
}

}  // namespace kigumi::bundle
