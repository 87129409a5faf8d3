#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/config_file.hpp"
#include "kigumi/daemon/options.hpp"
#include "suggestion.hpp"
#include "values.hpp"

namespace kigumi::config {
namespace {

/// More of them help nobody.
constexpr std::size_t kMaxProblems = 20;

/// Sets options from the nodes of a document, and gathers what is wrong with it.
class Reader {
  public:
    Reader(Config& config, std::string name) : config_(config), name_(std::move(name)) {}

    void read(const toml::table& document) {
        for (const auto& [key, node] : document) {
            const std::string section(key.str());
            if (find(section) != nullptr) {
                take(*find(section), node);
            } else if (const toml::table* const table = node.as_table()) {
                read_section(section, key.source(), *table);
            } else {
                unknown(key.source(), section);
            }
        }
    }

    void problem(const toml::source_region& place, const std::string& what) {
        problems_.emplace(std::pair(place.begin.line, place.begin.column), what);
        if (problems_.size() > kMaxProblems) problems_.erase(std::prev(problems_.end()));
    }

    Result<void> outcome() const {
        if (problems_.empty()) return {};
        std::string text;
        for (const auto& [place, what] : problems_)
            text += (text.empty() ? "" : "\n") + name_ + ":" + std::to_string(place.first) + ":" +
                    std::to_string(place.second) + ": " + what;
        return fail(ErrorCode::kInvalidArgument, text);
    }

  private:
    void read_section(const std::string& section, const toml::source_region& place,
                      const toml::table& table) {
        const std::string prefix = section + ".";
        const bool known =
            std::any_of(options().begin(), options().end(),
                        [&prefix](const Option& option) { return option.key.starts_with(prefix); });
        if (!known) return unknown(place, section);
        for (const auto& [key, node] : table) {
            const std::string name = prefix + std::string(key.str());
            const Option* const option = find(name);
            if (option == nullptr) {
                unknown(key.source(), name);
            } else {
                take(*option, node);
            }
        }
    }

    void unknown(const toml::source_region& place, const std::string& key) {
        std::vector<std::string> known;
        for (const Option& option : options()) {
            known.push_back(option.key);
            known.push_back(option.key.substr(0, option.key.find('.')));
        }
        const std::string meant = nearest(key, known);
        problem(place, "there is no option " + key.substr(0, 100) +
                           (meant.empty() ? "; see kigumid --print-config"
                                          : "; did you mean " + meant + "?"));
    }

    void take(const Option& option, const toml::node& node) {
        const auto set =
            std::visit([&](const auto& kind) { return set_node(option, kind, node); }, option.kind);
        if (!set) problem(node.source(), option.key + " " + set.error().message);
    }

    static tl::unexpected<Error> refuse(const Option& option, const toml::node& node) {
        std::ostringstream found;
        found << node.type();
        return fail(ErrorCode::kInvalidArgument,
                    "wants " + allowed(option) + ", not this " + found.str());
    }

    Result<void> set_node(const Option& option, const Number&, const toml::node& node) {
        const auto number = node.value_exact<std::int64_t>();
        if (!number) return refuse(option, node);
        if (*number < 0)
            return fail(ErrorCode::kInvalidArgument,
                        "wants " + allowed(option) + ", not " + std::to_string(*number));
        return set_number(option, config_, static_cast<std::uint64_t>(*number));
    }
    Result<void> set_node(const Option& option, const Fraction&, const toml::node& node) {
        const auto number = node.value<double>();
        if (!number) return refuse(option, node);
        return set_fraction(option, config_, *number);
    }
    Result<void> set_node(const Option& option, const Switch& kind, const toml::node& node) {
        const auto on = node.value_exact<bool>();
        if (!on) return refuse(option, node);
        kind.at(config_) = *on;
        return {};
    }
    Result<void> set_node(const Option& option, const Text& kind, const toml::node& node) {
        const auto text = node.value_exact<std::string>();
        if (!text) return refuse(option, node);
        kind.at(config_) = *text;
        return {};
    }
    Result<void> set_node(const Option& option, const Choice&, const toml::node& node) {
        const auto text = node.value_exact<std::string>();
        if (!text) return refuse(option, node);
        return set_choice(option, config_, *text);
    }
    Result<void> set_node(const Option& option, const Texts& kind, const toml::node& node) {
        const toml::array* const array = node.as_array();
        if (array == nullptr) return refuse(option, node);
        std::vector<std::string> texts;
        for (const toml::node& item : *array) {
            const auto text = item.value_exact<std::string>();
            if (!text) return refuse(option, item);
            texts.push_back(*text);
        }
        kind.at(config_) = std::move(texts);
        return {};
    }
    Result<void> set_node(const Option& option, const Tiers& kind, const toml::node& node) {
        const toml::array* const array = node.as_array();
        if (array == nullptr) return refuse(option, node);
        std::vector<backup::Tier> tiers;
        for (const toml::node& item : *array) {
            const toml::table* const table = item.as_table();
            if (table == nullptr) return refuse(option, item);
            tiers.push_back(read_tier(option.key, *table));
        }
        kind.at(config_) = std::move(tiers);
        return {};
    }

    backup::Tier read_tier(const std::string& section, const toml::table& table) {
        backup::Tier tier;
        for (const auto& [key, node] : table) {
            std::string name(key.str());
            std::replace(name.begin(), name.end(), '_', '-');
            const auto number = node.value_exact<std::int64_t>();
            const std::string word =
                number ? std::to_string(*number) : node.value_or(std::string());
            const auto set = backup::set_part(tier, name, word);
            if (!set)
                problem(node.source(),
                        section + "." + std::string(key.str()) + ": " + set.error().message);
        }
        if (tier.target.empty()) problem(table.source(), section + " wants a target, a directory");
        return tier;
    }

    Config& config_;
    const std::string name_;
    std::multimap<std::pair<std::uint32_t, std::uint32_t>, std::string> problems_;  ///< by place
};

}  // namespace

Result<void> read_text(Config& config, const std::string& text, const std::string& name) {
    Config fresh = config;
    Reader reader(fresh, name);
    try {
        reader.read(toml::parse(text, name));
    } catch (const toml::parse_error& error) {
        reader.problem(error.source(), std::string(error.description()));
    }
    KIGUMI_CHECK(reader.outcome());
    config = std::move(fresh);
    return {};
}

Result<void> read_file(Config& config, const std::filesystem::path& file) {
    std::string text(kMaxFileBytes + 1, '\0');
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad() || errno != 0)
        return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                    "cannot read the configuration " + file.string() + ": " +
                        std::strerror(errno == 0 ? EIO : errno));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes)
        return fail(ErrorCode::kInvalidArgument,
                    file.string() + " is larger than 1 MiB: that is no configuration");
    return read_text(config, text, file.string());
}

}  // namespace kigumi::config
