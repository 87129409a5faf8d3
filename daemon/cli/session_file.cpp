#include "session_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/files.hpp"

namespace kigumi::cli {
namespace {

/// The turn of this command, by a lock on the file's directory: the file itself is replaced.
Result<files::Descriptor> take_turn(const std::filesystem::path& file) {
    const auto directory = file.has_parent_path() ? file.parent_path() : ".";
    KIGUMI_TRY(files::Descriptor turn, files::open(directory, O_RDONLY | O_DIRECTORY));
    flock(turn.get(), LOCK_EX);
    return turn;
}

}  // namespace

Result<SessionToken> read_session(const std::filesystem::path& file) {
    auto text = files::read_text(file);
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
    KIGUMI_TRY(const files::Descriptor turn, take_turn(file));
    KIGUMI_TRY(SessionToken token, read_session(file));
    token.merge(seen);
    return files::replace_file(file, token.text() + "\n");
}

}  // namespace kigumi::cli
