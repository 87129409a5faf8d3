#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {

/// What one run of the tool has left.
struct Outcome {
    int status = -1;  ///< the exit status; 128 and the signal's number if one killed it
    std::string out;
    std::string err;
};

/// Where a run reads from and writes to.
struct Channels {
    std::string input;
    /// Where the output goes instead of `Outcome::out`: a file, "closed", or "gone" (a pipe nobody
    /// reads).
    std::string output_file;
};

/// Runs the tool with these arguments.
Outcome run_kigumi(const std::vector<std::string>& args, const Channels& channels = {});

/// A temporary directory for each test, and the tool on a data directory in it.
class CliTest : public testing::Test {
  protected:
    CliTest();
    ~CliTest() override;

    std::filesystem::path path(const std::string& name) const { return root_ / name; }
    /// Runs a command on the data directory "node".
    Outcome cli(std::vector<std::string> command, const std::string& input = {}) const;
    Outcome cli_json(std::vector<std::string> command, const std::string& input = {}) const;
    /// The same on another data directory.
    Outcome cli_on(const std::string& node, std::vector<std::string> command) const;

    /// Brings the state of one data directory's default bucket to another's.
    void pull(const std::string& from, const std::string& to) const;

  private:
    std::filesystem::path root_;
};

/// The run succeeded and printed exactly this.
void expect_prints(const Outcome& run, const std::string& out);
/// The run said "not found" or "false", printed exactly this and complained about nothing.
void expect_no(const Outcome& run, const std::string& out);
/// The run failed with one line on standard error that holds `part`.
void expect_error(const Outcome& run, const std::string& part);
/// The JSON that a successful run printed.
Value json_of(const Outcome& run);
/// A member of a JSON object; nil if there is none.
Value member(const Value& object, const std::string& name);

}  // namespace kigumi
