#include "support/daemon.hpp"

#include <algorithm>

namespace kigumi {

std::vector<std::string> kigumid_command(const std::filesystem::path& data,
                                         const std::string& listen,
                                         const std::vector<std::string>& peers) {
    std::vector<std::string> command = {KIGUMID,    "--data", data.string(),
                                        "--listen", listen,   "--insecure"};
    for (const std::string& peer : peers) command.insert(command.end(), {"--peer", peer});
    return command;
}

bool Daemon::start(const std::vector<std::string>& peers,
                   const std::vector<std::string>& environment,
                   const std::vector<std::string>& options) {
    const std::filesystem::path log = data_.string() + ".log";
    // What an earlier run logged must not be taken for the start of this one.
    if (process_) std::filesystem::rename(log, log.string() + ".before");
    std::vector<std::string> command = kigumid_command(data_, address_, peers);
    if (std::find(options.begin(), options.end(), "--key") != options.end())
        std::erase(command, "--insecure");
    command.insert(command.end(), options.begin(), options.end());
    process_ = std::make_unique<Process>(command, log, environment);
    const std::string bound = process_->wait_for_output(" listen=tcp://");
    if (bound.empty()) return false;
    address_ = bound;
    return true;
}

}  // namespace kigumi
