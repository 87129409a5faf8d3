#include "log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "log_line.hpp"

namespace kigumi {
namespace {

std::atomic<bool> as_json{false};

spdlog::level::level_enum level_of(const Effects::Note& note) {
    using Level = Effects::Note::Level;
    return note.level == Level::kDebug  ? spdlog::level::debug
           : note.level == Level::kInfo ? spdlog::level::info
                                        : spdlog::level::warn;
}

spdlog::logger& logger() {
    static const auto only = [] {
        auto made = spdlog::stderr_logger_mt("kigumid");
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *only;
}

}  // namespace

void set_up_log(const std::string& level, const std::string& format) {
    as_json = format == "json";
    logger().set_pattern(as_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                 : "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v",
                         spdlog::pattern_time_type::utc);
    logger().set_level(spdlog::level::from_str(level));
}

void log(const Effects::Note& note) {
    const auto level = level_of(note);
    if (!logger().should_log(level)) return;
    logger().log(level, "{}", as_json ? json_line(note) : text_line(note));
}

}  // namespace kigumi
