#include "block_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>

#include "../big_endian.hpp"

namespace kigumi::bundle {
namespace {

/// A byte follows: the version of the format.
constexpr std::string_view kMagic("KIGUMI\0", 7);
constexpr std::size_t kHeaderBytes = 16;
/// Fast enough for a disk; higher levels save a tenth and take twice as long.
constexpr int kLevel = 1;
constexpr std::uint64_t kBehindBytes = std::uint64_t{8} << 20;

std::string head_of(Format format) { return std::string(kMagic) + static_cast<char>(format); }

std::uint64_t first_link(std::string_view head) { return XXH3_64bits(head.data(), head.size()); }

std::uint64_t next_link(std::string_view sizes, std::string_view stored, std::uint64_t link) {
    const std::uint64_t seed = XXH3_64bits_withSeed(sizes.data(), sizes.size(), link);
    return XXH3_64bits_withSeed(stored.data(), stored.size(), seed);
}

/// Makes of a raw block the block as it is stored, but for the checksum.
BlockWorkers::Work compressor() {
    const std::shared_ptr<ZSTD_CCtx> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    return [context](BlockJob& job) -> Result<void> {
        job.out.resize(std::max(job.out.size(), kHeaderBytes + ZSTD_compressBound(job.in.size())));
        const std::size_t size =
            ZSTD_compressCCtx(context.get(), job.out.data() + kHeaderBytes,
                              job.out.size() - kHeaderBytes, job.in.data(), job.in.size(), kLevel);
        if (ZSTD_isError(size) != 0)
            return fail(ErrorCode::kIo,
                        std::string("cannot compress a block: ") + ZSTD_getErrorName(size));
        std::string sizes;
        append_u32(sizes, static_cast<std::uint32_t>(size));
        append_u32(sizes, static_cast<std::uint32_t>(job.in.size()));
        job.out.replace(0, sizes.size(), sizes);
        job.out_size = kHeaderBytes + size;
        return {};
    };
}

/// Makes of a block's content, whose raw size is known, the raw block.
BlockWorkers::Work decompressor() {
    const std::shared_ptr<ZSTD_DCtx> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    return [context](BlockJob& job) -> Result<void> {
        job.out.resize(std::max(job.out.size(), job.out_size));
        const std::size_t size = ZSTD_decompressDCtx(context.get(), job.out.data(), job.out_size,
                                                     job.in.data(), job.in.size());
        if (ZSTD_isError(size) != 0 || size != job.out_size)
            return fail(ErrorCode::kCorrupt, "a block does not decompress");
        return {};
    };
}

}  // namespace

BlockWriter::BlockWriter(std::filesystem::path file)
    : file_(std::move(file)),
      unfinished_(file_.string() + ".partial"),
      compressing_(compressor),
      filling_(compressing_.fresh()) {}

BlockWriter::~BlockWriter() {
    if (!finished_ && out_.get() >= 0) unlink(unfinished_.c_str());
}

Result<std::unique_ptr<BlockWriter>> BlockWriter::create(const std::filesystem::path& file,
                                                         Format format) {
    std::unique_ptr<BlockWriter> writer(new BlockWriter(file));
    KIGUMI_TRY(writer->out_, files::open(writer->unfinished_, O_WRONLY | O_CREAT | O_TRUNC));
    const std::string head = head_of(format);
    writer->chain_ = first_link(head);
    KIGUMI_CHECK(writer->write_raw(head));
    return writer;
}

Result<void> BlockWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t part = std::min(bytes.size(), kBlockBytes - filling_->in.size());
        filling_->in += bytes.substr(0, part);
        bytes.remove_prefix(part);
        if (filling_->in.size() < kBlockBytes) continue;
        if (compressing_.busy()) KIGUMI_CHECK(write_oldest());
        start_block();
    }
    return {};
}

void BlockWriter::start_block() {
    compressing_.start(std::move(filling_));
    filling_ = compressing_.fresh();
    filling_->in.clear();
    filling_->in.reserve(kBlockBytes);
}

Result<void> BlockWriter::write_oldest() {
    auto job = compressing_.oldest();
    KIGUMI_CHECK(job->outcome);
    const std::string_view block = std::string_view(job->out).substr(0, job->out_size);
    chain_ = next_link(block.substr(0, 8), block.substr(kHeaderBytes), chain_);
    std::string link;
    append_u64(link, chain_);
    job->out.replace(8, link.size(), link);
    KIGUMI_CHECK(write_raw(block));
    compressing_.recycle(std::move(job));
    return {};
}

Result<void> BlockWriter::write_raw(std::string_view bytes) {
    KIGUMI_CHECK(files::write(out_, bytes, unfinished_));
    hash_.add(bytes);
    written_ += bytes.size();
    if (written_ - behind_ < kBehindBytes) return {};
    files::write_behind(out_.get());
    behind_ = written_;
    return {};
}

Result<std::uint64_t> BlockWriter::seal() {
    if (!filling_->in.empty()) start_block();
    while (!compressing_.idle()) KIGUMI_CHECK(write_oldest());
    if (fsync(out_.get()) != 0) return files::failed("sync", unfinished_);
    // What is read back comes from the disk.
    files::write_behind(out_.get());
    return written_;
}

Result<void> BlockWriter::publish() {
    if (rename(unfinished_.c_str(), file_.c_str()) != 0) return files::failed("write", file_);
    finished_ = true;
    return files::sync_directory(file_.parent_path());
}

BlockReader::BlockReader(std::filesystem::path file)
    : file_(std::move(file)), decompressing_(decompressor) {}

Result<std::unique_ptr<BlockReader>> BlockReader::open(const std::filesystem::path& file) {
    std::unique_ptr<BlockReader> reader(new BlockReader(file));
    KIGUMI_TRY(reader->in_, files::open(file, O_RDONLY));
    struct stat info {};
    if (fstat(reader->in_.get(), &info) != 0) return files::failed("read", file);
    if (!S_ISREG(info.st_mode))
        return fail(ErrorCode::kInvalidArgument, file.string() + " is not a file");
    reader->file_bytes_ = static_cast<std::uint64_t>(info.st_size);
    std::string head(std::min<std::uint64_t>(reader->file_bytes_, kMagic.size() + 1), '\0');
    KIGUMI_CHECK(reader->read_raw(head.data(), head.size()));
    if (!head.starts_with(kMagic))
        return fail(ErrorCode::kInvalidArgument, file.string() + " is not a bundle");
    if (head != head_of(Format::kPlain) && head != head_of(Format::kProven))
        return fail(ErrorCode::kUnsupported,
                    file.string() + " is a bundle of format " +
                        std::to_string(static_cast<unsigned char>(head.back())) +
                        " and this version reads formats 1 and 2; use the version that wrote it");
    reader->chain_ = first_link(head);
    return reader;
}

Result<void> BlockReader::read_raw(char* into, std::size_t size) {
    KIGUMI_TRY(const std::size_t got, files::read(in_, into, size, file_));
    if (got < size) return damaged_at(read_ + got, "ends too early");
    read_ += size;
    hash_.add({into, size});
    return {};
}

Result<void> BlockReader::read_ahead() {
    while (!decompressing_.busy() && read_ < file_bytes_) {
        const std::uint64_t offset = read_;
        if (file_bytes_ - read_ < kHeaderBytes) return damaged_at(offset, "ends too early");
        std::string header(kHeaderBytes, '\0');
        KIGUMI_CHECK(read_raw(header.data(), header.size()));
        const std::uint32_t stored_size = read_u32(header);
        const std::uint32_t raw_size = read_u32(header.substr(4));
        if (raw_size == 0 || raw_size > kBlockBytes ||
            stored_size > ZSTD_compressBound(kBlockBytes))
            return damaged_at(offset, "is damaged");
        if (file_bytes_ - read_ < stored_size) return damaged_at(offset, "ends too early");
        auto job = decompressing_.fresh();
        job->in.resize(stored_size);
        job->out_size = raw_size;
        job->offset = offset;
        KIGUMI_CHECK(read_raw(job->in.data(), stored_size));
        chain_ = next_link(std::string_view(header).substr(0, 8), job->in, chain_);
        if (chain_ != read_u64(header.substr(8))) return damaged_at(offset, "is damaged");
        decompressing_.start(std::move(job));
    }
    return {};
}

Result<bool> BlockReader::load() {
    if (!broken_) {
        const auto ahead = read_ahead();
        if (!ahead) broken_ = ahead.error();
    }
    if (decompressing_.idle()) {
        if (broken_) return tl::unexpected<Error>(*broken_);
        return false;
    }
    if (block_) decompressing_.recycle(std::move(block_));
    block_ = decompressing_.oldest();
    taken_ = 0;
    offset_ = block_->offset;
    if (!block_->outcome) {
        block_ = nullptr;
        return damaged_at(offset_, "is damaged");
    }
    return true;
}

std::string_view BlockReader::take_of_block(std::size_t size) {
    const std::string_view bytes = std::string_view(block_->out).substr(taken_, size);
    taken_ += size;
    return bytes;
}

Result<std::string_view> BlockReader::take(std::size_t size) {
    if (left() >= size && block_) return take_of_block(size);
    joined_.clear();
    while (joined_.size() < size) {
        if (left() > 0) {
            joined_ += take_of_block(std::min(left(), size - joined_.size()));
            continue;
        }
        KIGUMI_TRY(const bool more, load());
        if (!more) return damaged_at(file_bytes_, "ends too early");
    }
    return std::string_view(joined_);
}

Result<bool> BlockReader::at_end() {
    if (left() > 0) return false;
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
