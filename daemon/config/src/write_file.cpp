#include <sstream>

#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/config_file.hpp"
#include "kigumi/daemon/options.hpp"
#include "kigumi/daemon/time_text.hpp"

namespace kigumi::config {
namespace {

constexpr std::size_t kFileColumns = 100;
constexpr std::size_t kPageColumns = 120;
constexpr std::uint64_t kDayMs = 86'400'000;

/// A paragraph in lines of at most so many columns, the first of which begins with `first` and the
/// others with `mark`.
std::string wrapped(const std::string& text, std::size_t columns, const std::string& first,
                    const std::string& mark) {
    std::istringstream words(text);
    std::string lines;
    std::string line = first;
    for (std::string word; words >> word;) {
        if (line.size() + 1 + word.size() > columns) {
            lines += line + "\n";
            line = mark;
        }
        line += " " + word;
    }
    return lines + line + "\n";
}

std::string section_of(const Option& option) { return option.key.substr(0, option.key.find('.')); }
std::string name_of(const Option& option) { return option.key.substr(option.key.find('.') + 1); }

std::string when(const Option& option) {
    return option.reload == Reload::kLive ? "taken over on reload" : "needs a restart";
}

std::string tier_toml(const backup::Tier& tier) {
    std::string text = "\n[[backup]]\ntarget = " + json_string(tier.target.string()) + "\n";
    text += "every = \"" + duration_text(tier.every_ms) + "\"\n";
    if (tier.full_every_ms != 0)
        text += "full_every = \"" + duration_text(tier.full_every_ms) + "\"\n";
    if (tier.retention.keep) text += "keep = " + std::to_string(*tier.retention.keep) + "\n";
    if (tier.retention.keep_ms)
        text += "keep_days = " + std::to_string(*tier.retention.keep_ms / kDayMs) + "\n";
    return text;
}

std::string remark(const std::string& text) { return wrapped(text, kFileColumns, "#", "#"); }

std::string comment(const Option& option) {
    return remark(option.meaning + " Takes " + allowed(option) + "; " + when(option) + "; flag " +
                  option.flag + ".") +
           remark("Why: " + option.reason) + remark("Trade: " + option.trade);
}

}  // namespace

std::string to_toml(const Config& config) {
    std::string text =
        "# The configuration of kigumid. Values that equal the defaults may be left out; flags of\n"
        "# the command line win over this file.\n";
    std::string section;
    for (const Option& option : options()) {
        if (const auto* const tiers = std::get_if<Tiers>(&option.kind)) {
            text += "\n" + comment(option) +
                    "#\n# [[backup]]\n# target = \"/backup/local\"\n# every = \"15m\"\n"
                    "# keep = 96\n# keep_days = 30\n# full_every = \"7d\"\n";
            Config copy = config;
            for (const backup::Tier& tier : tiers->at(copy)) text += tier_toml(tier);
            continue;
        }
        if (section_of(option) != section) {
            section = section_of(option);
            text += "\n[" + section + "]\n";
        }
        text += "\n" + comment(option);
        text += name_of(option) + " = " + value_text(option, config) + "\n";
    }
    return text;
}

std::string reference() {
    const Config defaults;
    std::string text;
    std::string section;
    for (const Option& option : options()) {
        if (section_of(option) != section) {
            section = section_of(option);
            text += (text.empty() ? "## `" : "\n## `") + section + "`\n\n";
        }
        text +=
            wrapped("**`" + name_of(option) + "`** = `" + value_text(option, defaults) + "` — " +
                        option.meaning + " Takes " + allowed(option) + "; `" + option.flag + "`; " +
                        when(option) + ". *Why:* " + option.reason + " *Trade:* " + option.trade,
                    kPageColumns, "-", " ");
    }
    return text;
}

}  // namespace kigumi::config
