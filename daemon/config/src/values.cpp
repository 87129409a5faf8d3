#include "values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/options.hpp"
#include "kigumi/daemon/time_text.hpp"

namespace kigumi::config {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
    return text;
}

std::string shown(const std::string& word) { return json_string(word.substr(0, 60)); }

tl::unexpected<Error> refuse(const Option& option, const std::string& found) {
    return fail(ErrorCode::kInvalidArgument, "wants " + allowed(option) + ", not " + found);
}

/// Reading an option from words; one overload for each kind.
struct FromWords {
    const Option& option;
    Config& config;
    const std::vector<std::string>& words;

    Result<void> operator()(const Number&) const {
        std::uint64_t number = 0;
        const std::string& word = words.back();
        const char* const end = word.data() + word.size();
        const auto [stop, error] = std::from_chars(word.data(), end, number);
        if (error != std::errc() || stop != end) return refuse(option, shown(word));
        return set_number(option, config, number);
    }
    Result<void> operator()(const Fraction&) const {
        double number = 0;
        const std::string& word = words.back();
        const char* const end = word.data() + word.size();
        const auto [stop, error] = std::from_chars(word.data(), end, number);
        if (error != std::errc() || stop != end) return refuse(option, shown(word));
        return set_fraction(option, config, number);
    }
    Result<void> operator()(const Switch& kind) const {
        const std::string& word = words.back();
        if (word != "true" && word != "false") return refuse(option, shown(word));
        kind.at(config) = word == "true";
        return {};
    }
    Result<void> operator()(const Text& kind) const {
        kind.at(config) = words.back();
        return {};
    }
    Result<void> operator()(const Choice&) const {
        return set_choice(option, config, words.back());
    }
    Result<void> operator()(const Texts& kind) const {
        kind.at(config) = words;
        return {};
    }
    Result<void> operator()(const Tiers& kind) const {
        std::vector<backup::Tier> tiers;
        for (const std::string& word : words) {
            auto tier = backup::parse_tier(word);
            if (!tier)
                return fail(tier.error().code,
                            "cannot take " + shown(word) + ": " + tier.error().message);
            tiers.push_back(std::move(*tier));
        }
        kind.at(config) = std::move(tiers);
        return {};
    }
};

/// Whether an option is the same in two configurations, and copying it; in one visitor, so that a
/// kind has them both.
struct Transfer {
    Config& to;
    Config& from;
    bool copy;

    template <class K>
    bool operator()(const K& kind) const {
        const bool same = kind.at(to) == kind.at(from);
        if (copy) kind.at(to) = kind.at(from);
        return same;
    }
};

}  // namespace

Result<void> set_number(const Option& option, Config& config, std::uint64_t number) {
    const Number& kind = std::get<Number>(option.kind);
    if (number < kind.least || number > kind.most) return refuse(option, std::to_string(number));
    kind.at(config) = number;
    return {};
}

Result<void> set_fraction(const Option& option, Config& config, double number) {
    const Fraction& kind = std::get<Fraction>(option.kind);
    if (!(number >= kind.least && number <= kind.most))
        return refuse(option, fraction_text(number));
    kind.at(config) = number;
    return {};
}

Result<void> set_choice(const Option& option, Config& config, const std::string& word) {
    const Choice& kind = std::get<Choice>(option.kind);
    if (std::find(kind.allowed.begin(), kind.allowed.end(), word) == kind.allowed.end())
        return refuse(option, shown(word));
    kind.at(config) = word;
    return {};
}

std::string fraction_text(double number) {
    std::ostringstream text;
    text << number;
    // TOML takes 1 for an integer.
    return text.str().find_first_of(".en") == std::string::npos ? text.str() + ".0" : text.str();
}

std::string allowed(const Option& option) {
    struct Words {
        const Option& option;
        std::string of_unit() const { return option.unit.empty() ? "" : " of " + option.unit; }
        std::string operator()(const Number& kind) const {
            return "a whole number" + of_unit() + " from " + std::to_string(kind.least) + " to " +
                   std::to_string(kind.most);
        }
        std::string operator()(const Fraction& kind) const {
            return "a number" + of_unit() + " from " + fraction_text(kind.least) + " to " +
                   fraction_text(kind.most);
        }
        std::string operator()(const Switch&) const { return "true or false"; }
        std::string operator()(const Text&) const { return "a text"; }
        std::string operator()(const Choice& kind) const {
            return "one of " + joined(kind.allowed, ", ");
        }
        std::string operator()(const Texts&) const { return "a list of texts"; }
        std::string operator()(const Tiers&) const { return "a list of tiers"; }
    };
    return std::visit(Words{option}, option.kind);
}

std::string value_text(const Option& option, const Config& config) {
    struct Shown {
        Config& config;
        std::string operator()(const Number& kind) const { return std::to_string(kind.at(config)); }
        std::string operator()(const Fraction& kind) const {
            return fraction_text(kind.at(config));
        }
        std::string operator()(const Switch& kind) const {
            return kind.at(config) ? "true" : "false";
        }
        std::string operator()(const Text& kind) const { return json_string(kind.at(config)); }
        std::string operator()(const Choice& kind) const { return json_string(kind.at(config)); }
        std::string operator()(const Texts& kind) const {
            std::vector<std::string> quoted;
            for (const std::string& text : kind.at(config)) quoted.push_back(json_string(text));
            return "[" + joined(quoted, ", ") + "]";
        }
        std::string operator()(const Tiers& kind) const {
            return kind.at(config).empty() ? "none" : std::to_string(kind.at(config).size());
        }
    };
    // The accessors of the table serve reading and writing.
    return std::visit(Shown{const_cast<Config&>(config)}, option.kind);
}

Result<void> set_words(const Option& option, Config& config,
                       const std::vector<std::string>& words) {
    if (words.empty()) return refuse(option, "nothing");
    return std::visit(FromWords{option, config, words}, option.kind);
}

Changes take_live(Config& running, const Config& fresh) {
    Changes changes;
    Config copy = fresh;
    for (const Option& option : options()) {
        if (std::visit(Transfer{running, copy, false}, option.kind)) continue;
        const bool live = option.reload == Reload::kLive;
        if (live) std::visit(Transfer{running, copy, true}, option.kind);
        (live ? changes.taken : changes.restart).push_back(option.key);
    }
    return changes;
}

}  // namespace kigumi::config
