#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>

#include "command_line.hpp"
#include "kigumi/daemon/config_file.hpp"
#include "log.hpp"
#include "notify.hpp"
#include "service.hpp"
#include "signals.hpp"

namespace {

using Level = kigumi::Effects::Note::Level;

int fail(const kigumi::Error& error) {
    std::istringstream lines(error.message);
    for (std::string line; std::getline(lines, line);) std::cerr << "kigumid: " << line << '\n';
    return 2;
}

void reload(kigumi::Service& service, const kigumi::CommandLine& line) {
    kigumi::notify_reloading();
    const auto fresh = line.config();
    const auto taken =
        fresh ? service.reload(*fresh) : tl::unexpected<kigumi::Error>(fresh.error());
    if (!taken)
        kigumi::log({Level::kWarning, "config.refused", "error=\"" + taken.error().message + '"'});
    kigumi::notify_ready(taken ? "running" : "running; the last reload was refused, see the log");
}

/// Somebody who asks twice does not want to wait for the rest, and nothing is lost by it: what was
/// acknowledged is durable.
void exit_at_next(const kigumi::Signals& signals) {
    std::thread([signals] {
        while (signals.wait() == SIGHUP) continue;
        std::_Exit(0);
    }).detach();
}

int run(int argc, char** argv) {
    const auto line = kigumi::parse_command_line(argc, argv);
    if (!line) return fail(line.error());
    if (line->exit) return *line->exit;
    auto config = line->config();
    if (!config) return fail(config.error());
    if (line->print_config) {
        std::cout << kigumi::config::to_toml(*config);
        return 0;
    }
    const kigumi::Signals signals;
    const auto service = kigumi::Service::start(std::move(*config));
    if (!service) return fail(service.error());
    kigumi::notify_ready("running");
    while (signals.wait() == SIGHUP) reload(**service, *line);
    kigumi::notify_stopping();
    exit_at_next(signals);
    // A disk that hangs must not keep the process; the target is valid at any moment.
    if (!(*service)->stop()) std::_Exit(0);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return fail({kigumi::ErrorCode::kIo, error.what()});
    }
}
