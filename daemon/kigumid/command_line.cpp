#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <deque>

#include "kigumi/daemon/config_file.hpp"

namespace kigumi {
namespace {

using config::Option;

struct Given {
    const Option* option;
    std::vector<std::string> words;
    std::string word;
    bool on = false;
};

bool is_list(const Option& option) {
    return std::holds_alternative<config::Texts>(option.kind) ||
           std::holds_alternative<config::Tiers>(option.kind);
}

void add(CLI::App& app, Given& flag, const config::Config& defaults) {
    const Option& option = *flag.option;
    const std::string section = option.key.substr(0, option.key.find('.'));
    const std::string& what = option.meaning;
    if (std::holds_alternative<config::Switch>(option.kind)) {
        app.add_flag(option.flag, flag.on, what)->group(section);
    } else if (is_list(option)) {
        app.add_option(option.flag, flag.words, what + " May be repeated.")
            ->allow_extra_args(false)
            ->group(section);
    } else {
        app.add_option(option.flag, flag.word,
                       what + " Default: " + config::value_text(option, defaults) + ".")
            ->group(section);
    }
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, char** argv) {
    CommandLine line;
    CLI::App app("kigumid: keeps this node's store in step with other masters");
    std::string file;
    auto* const given_file = app.add_option("--config", file, "a TOML file; flags win over it");
    app.add_flag("--print-config", line.print_config,
                 "print the configuration with every option explained, and exit");
    app.set_version_flag("--version", "kigumid " KIGUMI_VERSION);
    const config::Config defaults;
    std::deque<Given> flags;
    for (const Option& option : config::options())
        add(app, flags.emplace_back(Given{&option, {}, {}, false}), defaults);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        line.exit = app.exit(help);
        return line;
    } catch (const CLI::CallForVersion& version) {
        line.exit = app.exit(version);
        return line;
    } catch (const CLI::ParseError& error) {
        return fail(ErrorCode::kInvalidArgument,
                    std::string(error.what()) + "; see kigumid --help");
    }
    if (given_file->count() > 0) line.file = file;
    for (Given& flag : flags) {
        if (app.count(flag.option->flag) == 0) continue;
        if (flag.on) flag.words = {"true"};
        if (flag.words.empty()) flag.words = {flag.word};
        line.flags.emplace_back(flag.option, std::move(flag.words));
    }
    return line;
}

Result<config::Config> CommandLine::config() const {
    config::Config config;
    if (file) {
        KIGUMI_CHECK(config::read_file(config, *file));
    }
    for (const auto& [option, words] : flags) {
        const auto set = config::set_words(*option, config, words);
        if (!set)
            return fail(set.error().code,
                        option->flag + " " + set.error().message + "; see kigumid --help");
    }
    return config;
}

}  // namespace kigumi
