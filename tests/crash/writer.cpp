#include "crash/writer.hpp"

namespace kigumi::crash {
namespace {

// Long enough that the stores stay small, short enough that a writer writes half of its time.
constexpr const char* kPauseMs = "15";
const std::string kFault = "fault: ";

}  // namespace

Writer::Writer(const std::filesystem::path& data, const std::string& name,
               const std::vector<std::string>& environment)
    : name_(name),
      process_({KIGUMI_BURST_WRITER, data.string(), name, kPauseMs}, data.string() + "." + name,
               environment) {}

bool Writer::listen() {
    const std::string output = process_.output();
    // The last line may not be whole yet.
    for (auto end = output.find('\n', heard_); end != std::string::npos;
         end = output.find('\n', heard_)) {
        if (!take(output.substr(heard_, end - heard_))) return false;
        heard_ = end + 1;
    }
    return true;
}

bool Writer::take(const std::string& line) {
    if (line.starts_with(kFault)) {
        fault_ = line.substr(kFault.size());
        return true;
    }
    const std::string number = std::to_string(next_);
    if (line.starts_with(number + " error ")) {
        refused_.insert(next_++);
        return true;
    }
    if (line != number) return false;
    ++next_;
    return true;
}

}  // namespace kigumi::crash
