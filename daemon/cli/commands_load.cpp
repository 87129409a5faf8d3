#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "load.hpp"
#include "progress.hpp"

namespace kigumi::cli {
namespace {

Result<Answer> load_from(Session& session, std::istream& in, std::uint64_t total_bytes) {
    ProgressBar bar;
    const auto show = [&bar, total_bytes](const LoadProgress& progress) {
        bar.show(progress.bytes, total_bytes, std::to_string(progress.lines) + " lines");
    };
    KIGUMI_TRY(const std::uint64_t lines, load_lines(*session.store, session.bucket, in, show));
    session.out.line(std::to_string(lines));
    return Answer::kYes;
}

}  // namespace

Result<Answer> load(Session& session) {
    const std::string& path = session.args[0];
    if (path == "-") {
        std::ios::sync_with_stdio(false);
        return load_from(session, std::cin, 0);
    }
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(ErrorCode::kNotFound,
                    "cannot open " + json_string(path) + ": " + std::strerror(errno) +
                        "; name a file of JSON lines, or - for the standard input");
    std::error_code unknown;
    const std::uint64_t size = std::filesystem::file_size(path, unknown);
    return load_from(session, file, unknown ? 0 : size);
}

}  // namespace kigumi::cli
