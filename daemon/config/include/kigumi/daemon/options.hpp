#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/config.hpp"

namespace kigumi::config {

// What an option holds, and where in a Config that is.
struct Number {
    std::function<std::uint64_t&(Config&)> at;
    std::uint64_t least;
    std::uint64_t most;
};
struct Fraction {
    std::function<double&(Config&)> at;
    double least;
    double most;
};
struct Switch {
    std::function<bool&(Config&)> at;
};
struct Text {
    std::function<std::string&(Config&)> at;
};
struct Choice {
    std::function<std::string&(Config&)> at;
    std::vector<std::string> allowed;
};
struct Texts {
    std::function<std::vector<std::string>&(Config&)> at;
};
struct KIGUMI_API Tiers {
    std::function<std::vector<backup::Tier>&(Config&)> at;
};
using Kind = std::variant<Number, Fraction, Switch, Text, Choice, Texts, Tiers>;

/// Whether a running daemon takes over a new value on SIGHUP.
enum class Reload { kLive, kRestart };

/// One option: the only place that knows it. The file, the flags, `--print-config` and the
/// reference are made from this.
struct Option {
    std::string key;   ///< in the file: `section.name`; units stand at its end
    std::string flag;  ///< on the command line
    std::string unit;  ///< empty if there is none
    Reload reload;
    std::string meaning;
    std::string reason;  ///< for the default
    std::string trade;   ///< what more and less of it cost
    Kind kind;
};

/// All options, those of a section together, in the order in which they are shown.
KIGUMI_API const std::vector<Option>& options();
/// The option of that key; null if there is none.
KIGUMI_API const Option* find(std::string_view key);

/// What an option takes, in words: `a whole number of ms from 0 to 3600000`.
KIGUMI_API std::string allowed(const Option& option);
/// The option's value as it would stand in the file.
KIGUMI_API std::string value_text(const Option& option, const Config& config);
/// Sets an option from the words of its flag; lists take them all. The error says what was wrong
/// and what is allowed, and names neither option nor flag.
KIGUMI_API Result<void> set_words(const Option& option, Config& config,
                                  const std::vector<std::string>& words);

/// Takes over from `fresh` the options that may change while the daemon runs; returns the keys of
/// those that changed and, apart, of those that differ and need a restart.
struct Changes {
    std::vector<std::string> taken;
    std::vector<std::string> restart;
};
KIGUMI_API Changes take_live(Config& running, const Config& fresh);

}  // namespace kigumi::config
