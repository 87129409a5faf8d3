#include "cli/cli_run.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace kigumi {
namespace {

/// An unnamed temporary file.
int scratch_file() {
    std::string name = (std::filesystem::temp_directory_path() / "kigumi-cli-io-XXXXXX").string();
    const int file = mkostemp(name.data(), O_CLOEXEC);
    unlink(name.c_str());
    return file;
}

std::string contents(int file) {
    std::string text;
    std::array<char, 4096> buffer{};
    lseek(file, 0, SEEK_SET);
    for (ssize_t n = 0; (n = read(file, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(n));
    close(file);
    return text;
}

/// A pipe's writing end whose reading end is closed.
int abandoned_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
    close(ends[0]);
    return ends[1];
}

}  // namespace

Outcome run_kigumi(const std::vector<std::string>& args, const Channels& channels) {
    std::vector<std::string> words = {KIGUMI_CLI};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    const int in = scratch_file();
    EXPECT_EQ(write(in, channels.input.data(), channels.input.size()),
              static_cast<ssize_t>(channels.input.size()));
    lseek(in, 0, SEEK_SET);
    const int captured = scratch_file();
    const int err = scratch_file();
    int out = captured;
    if (channels.output_file == "gone") {
        out = abandoned_pipe();
    } else if (!channels.output_file.empty() && channels.output_file != "closed") {
        out = open(channels.output_file.c_str(), O_WRONLY | O_CLOEXEC);
    }

    const pid_t child = fork();
    if (child == 0) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        if (channels.output_file == "closed") close(STDOUT_FILENO);
        execv(argv[0], argv.data());
        _exit(127);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (out != captured) close(out);
    close(in);
    Outcome run;
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run.out = contents(captured);
    run.err = contents(err);
    return run;
}

CliTest::CliTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kigumi-cli-XXXXXX").string();
    root_ = mkdtemp(name.data());
}

CliTest::~CliTest() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

Outcome CliTest::cli(std::vector<std::string> command, const std::string& input) const {
    command.insert(command.begin(), {"--data", path("node").string()});
    Channels channels;
    channels.input = input;
    return run_kigumi(command, channels);
}

Outcome CliTest::cli_json(std::vector<std::string> command, const std::string& input) const {
    command.insert(command.begin(), "--json");
    return cli(std::move(command), input);
}

Outcome CliTest::cli_on(const std::string& node, std::vector<std::string> command) const {
    command.insert(command.begin(), {"--data", path(node).string()});
    return run_kigumi(command);
}

void CliTest::pull(const std::string& from, const std::string& to) const {
    const auto source = Store::open(path(from)).value();
    const auto target = Store::open(path(to)).value();
    auto theirs = source->read().value();
    auto txn = target->write().value();
    std::vector<KeyedRow> rows;
    theirs
        .scan({},
              [&rows](const RowKey& at, const Row& row) {
                  rows.push_back({at, row});
                  return true;
              })
        .value();
    for (const KeyedRow& row : rows) txn.join_row(row, theirs.version()).value();
    txn.advance(theirs.version(), theirs.floor());
    txn.commit().value();
}

void expect_prints(const Outcome& run, const std::string& out) {
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.out, out);
    EXPECT_EQ(run.err, "");
}

void expect_no(const Outcome& run, const std::string& out) {
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(run.out, out);
    EXPECT_EQ(run.err, "");
}

void expect_error(const Outcome& run, const std::string& part) {
    EXPECT_EQ(run.status, 2) << run.out;
    EXPECT_TRUE(run.err.starts_with("kigumi: ")) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_TRUE(run.err.ends_with('\n')) << run.err;
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
}

Value json_of(const Outcome& run) {
    EXPECT_EQ(run.status, 0) << run.err;
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1) << run.out;
    auto value = from_json(run.out);
    EXPECT_TRUE(value.has_value()) << run.out;
    return value.value_or(Value());
}

Value member(const Value& object, const std::string& name) {
    const auto* members = object.get_if<Object>();
    EXPECT_NE(members, nullptr);
    if (members == nullptr) return {};
    const auto it = members->find(name);
    return it == members->end() ? Value() : it->second;
}

}  // namespace kigumi
