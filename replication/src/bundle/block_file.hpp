#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "block_workers.hpp"
#include "kigumi/replication/files.hpp"
#include "running_hash.hpp"

/// A stream of bytes in a file, as compressed blocks whose checksums form a chain: a block that was
/// altered, left out, repeated or moved is found at its offset (`docs/format/bundle.md`).
namespace kigumi::bundle {

/// Of a block before compression. Also what a reader may be made to allocate at a time.
inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

/// The version of the format. Those who know the first only could not read writes with proofs.
enum class Format : std::uint8_t { kPlain = 1, kProven = 2 };

/// Writes under another name until `publish`. Blocks are compressed by threads of their own while
/// the caller fills the next.
class BlockWriter {
  public:
    static Result<std::unique_ptr<BlockWriter>> create(const std::filesystem::path& file,
                                                       Format format);
    /// Removes what was not finished.
    ~BlockWriter();

    Result<void> write(std::string_view bytes);
    /// Makes what was written durable, still under the other name. Returns its size.
    Result<std::uint64_t> seal();
    /// Gives the sealed file its name, durably.
    Result<void> publish();
    /// Where it is until then.
    const std::filesystem::path& unfinished() const { return unfinished_; }
    /// XXH3 of what was written to the file.
    std::uint64_t checksum() const { return hash_.digest(); }

  private:
    explicit BlockWriter(std::filesystem::path file);

    void start_block();
    Result<void> write_oldest();
    Result<void> write_raw(std::string_view bytes);

    const std::filesystem::path file_;
    const std::filesystem::path unfinished_;
    files::Descriptor out_;
    BlockWorkers compressing_;
    std::unique_ptr<BlockJob> filling_;
    std::uint64_t chain_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t behind_ = 0;  ///< of these, what was let to the disk
    RunningHash hash_;
    bool finished_ = false;
};

/// Reads the stream. Blocks are decompressed ahead by threads of their own.
class BlockReader {
  public:
    static Result<std::unique_ptr<BlockReader>> open(const std::filesystem::path& file);

    /// The next bytes, exactly so many; valid until the next call. The end of the file is an error.
    Result<std::string_view> take(std::size_t size);
    /// Whether everything was taken.
    Result<bool> at_end();

    std::uint64_t file_bytes() const { return file_bytes_; }
    /// XXH3 of what was read of the file.
    std::uint64_t checksum() const { return hash_.digest(); }
    /// Where in the file the block begins that the last taken bytes end in.
    std::uint64_t offset() const { return offset_; }
    /// The error for content that is wrong, at that offset.
    tl::unexpected<Error> damaged(std::string_view what) const;

  private:
    explicit BlockReader(std::filesystem::path file);

    Result<void> read_ahead();
    /// Makes the next block the one to take from; false at the end of the file.
    Result<bool> load();
    std::size_t left() const { return block_ ? block_->out_size - taken_ : 0; }
    std::string_view take_of_block(std::size_t size);
    /// Reads so many bytes of the file, exactly.
    Result<void> read_raw(char* into, std::size_t size);
    tl::unexpected<Error> damaged_at(std::uint64_t offset, std::string_view what) const;

    const std::filesystem::path file_;
    files::Descriptor in_;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t read_ = 0;  ///< of the file
    std::uint64_t chain_ = 0;
    RunningHash hash_;
    BlockWorkers decompressing_;
    std::optional<Error> broken_;      ///< what ends the reading behind the blocks that were read
    std::unique_ptr<BlockJob> block_;  ///< what was decompressed last
    std::size_t taken_ = 0;            ///< of the block
    std::string joined_;               ///< bytes that were taken over the end of a block
    std::uint64_t offset_ = 0;
};

}  // namespace kigumi::bundle
