#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "open_store.hpp"
#include "session_file.hpp"

namespace kigumi::cli {
namespace {

struct Options {
    std::string data;
    std::string bucket{kDefaultBucket};
    bool bucket_given = false;
    bool json = false;
    std::optional<std::string> request;
    std::optional<std::string> session;
    std::uint64_t session_wait_ms = 2'000;
    std::vector<std::string> words;  ///< the command and its arguments
    std::string message;             ///< what to print instead of running a command
};

/// A descriptor that the caller has closed would be given to the next file that is opened, and the
/// output would go into the data. One that cannot be written takes its place.
void occupy_standard_descriptors() {
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; ++file)
        if (fcntl(file, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDONLY));
}

std::string command_list() {
    std::string text = "Commands:\n";
    for (const Command& command : commands()) {
        std::string line = "  " + std::string(command.name) + " " + std::string(command.usage);
        line.resize(std::max<std::size_t>(line.size() + 2, 44), ' ');
        text += line + std::string(command.help) + "\n";
    }
    return text + "\nExit status: 0 fine, 1 not found or false, 2 error, 3 not yet.";
}

class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_usage(const CLI::App*, std::string) const override {
        return "Usage: kigumi --data DIR [OPTIONS] COMMAND [ARGUMENT...]\n";
    }
};

/// Everything from the command on is taken as it is: a script may pass any value, also `-5` or
/// `--json`, without it being mistaken for an option.
Result<Options> parse_options(int argc, char** argv) {
    Options options;
    CLI::App app("Reads and writes the data directory of a Kigumi node.", "kigumi");
    app.formatter(std::make_shared<HelpFormatter>());
    app.add_option("--data", options.data, "the node's data directory")->type_name("DIR");
    auto* bucket =
        app.add_option("--bucket", options.bucket, "the bucket to work on (default: default)")
            ->type_name("NAME");
    app.add_option("--request", options.request,
                   "an id of this request, so that a retry with it counts once")
        ->type_name("ID");
    app.add_option("--session", options.session,
                   "see at least what earlier commands with this file have seen")
        ->type_name("FILE");
    app.add_option("--session-wait", options.session_wait_ms,
                   "how long to wait for that (default: 2000)")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{86'400'000}))
        ->type_name("MS");
    app.add_flag("--json", options.json, "read values and print answers as JSON");
    app.set_version_flag("--version", "kigumi " KIGUMI_VERSION);
    app.prefix_command();
    app.footer(command_list());
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForVersion& call) {
        options.message = call.what();
        return options;
    } catch (const CLI::CallForHelp&) {
        options.message = app.help();
        return options;
    } catch (const CLI::Error& error) {
        return fail(ErrorCode::kInvalidArgument, std::string(error.what()) + "; see kigumi --help");
    }
    options.bucket_given = bucket->count() > 0;
    options.words = app.remaining();
    return options;
}

Result<const Command*> find_command(const Options& options) {
    if (options.words.empty())
        return fail(ErrorCode::kInvalidArgument, "no command is given; see kigumi --help");
    const std::string& name = options.words[0];
    for (const Command& command : commands()) {
        if (command.name != name) continue;
        const std::size_t args = options.words.size() - 1;
        if (args >= command.min_args && args <= command.max_args) return &command;
        return fail(ErrorCode::kInvalidArgument,
                    "wrong number of arguments; usage: kigumi [OPTIONS] " + name + " " +
                        std::string(command.usage));
    }
    const bool option = name.starts_with('-');
    return fail(ErrorCode::kInvalidArgument,
                (option ? "there is no option " : "there is no command ") + json_string(name) +
                    "; see kigumi --help");
}

/// Whether the command can be executed under a request's id.
Result<void> check_request(const Options& options, const Command& command) {
    if (!options.request || command.access == Access::kMutate) return {};
    const std::string why =
        command.access == Access::kWrite ? " does not write one transaction" : " writes nothing";
    return fail(ErrorCode::kInvalidArgument, "--request does not go with " +
                                                 std::string(command.name) + ", which" + why +
                                                 "; leave it out");
}

Result<void> check_session(const Options& options, const Command& command) {
    if (!options.session || command.access != Access::kNone) return {};
    return fail(ErrorCode::kInvalidArgument,
                "--session does not go with " + std::string(command.name) +
                    ", which works on no store of a node; leave it out");
}

/// Waits until this node shows what the session has seen.
Result<SessionToken> enter_session(const Options& options, Store& store) {
    KIGUMI_TRY(SessionToken token, read_session(*options.session));
    KIGUMI_CHECK(store.read_at_least(token, options.bucket,
                                     std::chrono::milliseconds(options.session_wait_ms)));
    return token;
}

/// The session has seen what the command has: no more than the bucket shows now.
Result<void> leave_session(const std::string& file, Store& store, const std::string& bucket) {
    KIGUMI_TRY(const ReadTransaction snapshot, store.read(bucket));
    return add_to_session(file, snapshot.token());
}

Result<int> run(int argc, char** argv) {
    KIGUMI_TRY(Options options, parse_options(argc, argv));
    Output out;
    if (!options.message.empty()) {
        out.line(options.message);
        KIGUMI_CHECK(out.finish());
        return 0;
    }
    KIGUMI_TRY(const Command* const command, find_command(options));
    KIGUMI_CHECK(check_request(options, *command));
    KIGUMI_CHECK(check_session(options, *command));
    std::unique_ptr<Store> store;
    if (command->access != Access::kNone) {
        KIGUMI_TRY(store, open_store(options.data, command->access));
    }
    std::optional<SessionToken> token;
    if (options.session) {
        KIGUMI_TRY(token, enter_session(options, *store));
    }
    Session session{store.get(),
                    std::move(options.data),
                    std::move(options.bucket),
                    options.bucket_given,
                    options.json,
                    std::string(command->name),
                    std::move(options.request),
                    std::move(token),
                    {options.words.begin() + 1, options.words.end()},
                    out};
    KIGUMI_TRY(const Answer answer, command->run(session));
    if (options.session) KIGUMI_CHECK(leave_session(*options.session, *store, session.bucket));
    KIGUMI_CHECK(out.finish());
    return static_cast<int>(answer);
}

int guarded(int argc, char** argv) {
    try {
        auto status = run(argc, argv);
        if (status) return *status;
        const bool not_yet = status.error().code == ErrorCode::kNotYet;
        report(std::move(status.error().message));
        if (not_yet) return kNotYetStatus;
    } catch (const std::bad_alloc&) {
        report("out of memory; free some, or load less at a time");
    } catch (const std::exception& error) {
        report(error.what());
    }
    return kErrorStatus;
}

}  // namespace
}  // namespace kigumi::cli

int main(int argc, char** argv) {
    // A reader of the output that goes away is an error to report, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    kigumi::cli::occupy_standard_descriptors();
    return kigumi::cli::guarded(argc, argv);
}
