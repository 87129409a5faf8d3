#include "session_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "files.hpp"
#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {
namespace {

/// The turn of this command, by a lock on the file's directory: the file itself is replaced.
class Turn {
  public:
    explicit Turn(const std::filesystem::path& file)
        : fd_(open(file.has_parent_path() ? file.parent_path().c_str() : ".",
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (fd_ >= 0) flock(fd_, LOCK_EX);
    }
    ~Turn() {
        if (fd_ >= 0) close(fd_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    int fd_;
};

}  // namespace

Result<SessionToken> read_session(const std::filesystem::path& file) {
    auto text = backup::read_text(file);
    if (!text && text.error().code == ErrorCode::kNotFound) return SessionToken();
    if (!text) return tl::unexpected<Error>(std::move(text.error()));
    while (!text->empty() && text->back() == '\n') text->pop_back();
    auto token = SessionToken::parse(*text);
    if (!token)
        return fail(token.error().code, "--session " + json_string(file.string()) + ": " +
                                            token.error().message +
                                            "; remove the file to begin a new session");
    return token;
}

Result<void> add_to_session(const std::filesystem::path& file, const SessionToken& seen) {
    const Turn turn(file);
    KIGUMI_TRY(SessionToken token, read_session(file));
    token.merge(seen);
    return backup::replace_file(file, token.text() + "\n");
}

}  // namespace kigumi::cli
