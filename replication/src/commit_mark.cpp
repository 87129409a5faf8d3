#include "commit_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "big_endian.hpp"

namespace kigumi {
namespace {

constexpr const char* kName = "last-commit";
constexpr std::size_t kBytes = 8;

}  // namespace

CommitMark::CommitMark(const std::filesystem::path& directory) {
    if (auto file = files::open_shared(path_in(directory), O_RDWR | O_CREAT))
        file_ = std::move(*file);
}

std::filesystem::path CommitMark::path_in(const std::filesystem::path& directory) {
    return directory / kName;
}

std::uint64_t CommitMark::read() const {
    std::array<char, kBytes> bytes{};
    if (pread(file_.get(), bytes.data(), kBytes, 0) != static_cast<ssize_t>(kBytes)) return 0;
    return read_u64({bytes.data(), kBytes});
}

void CommitMark::write(std::uint64_t commit) const {
    std::string bytes;
    append_u64(bytes, commit);
    static_cast<void>(!pwrite(file_.get(), bytes.data(), bytes.size(), 0));
}

}  // namespace kigumi
