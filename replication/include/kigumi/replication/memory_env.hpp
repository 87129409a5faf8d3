#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/kv.hpp"

namespace kigumi::kv {

/// An environment in memory, for simulation and tests: same semantics, no durability. One thread at
/// a time; beginning anything while a writer is open is an error rather than a wait.
class KIGUMI_API MemoryEnv : public Env {
  public:
    using Tables = std::array<std::map<std::string, std::string, std::less<>>, kTables>;

    Result<std::unique_ptr<ReadTxn>> begin_read() override;
    Result<std::unique_ptr<WriteTxn>> begin_write() override;
    Result<Usage> usage() override;
    void write_behind() override {}
    Result<void> sync() override { return {}; }

    /// The committed state: keep it and hand it to `restore` to go back in time.
    std::shared_ptr<const Tables> state() const { return tables_; }
    void restore(std::shared_ptr<const Tables> state);
    /// The id of the last commit, without counting bytes as `usage` does.
    std::uint64_t commits() const { return commits_; }
    /// The next `count` commits fail with kIo and keep nothing.
    void fail_commits(unsigned count) { failing_commits_ = count; }

  private:
    friend class MemoryWriteTxn;

    std::shared_ptr<Tables> tables_ = std::make_shared<Tables>();
    std::uint64_t commits_ = 0;
    std::array<std::uint64_t, kTables> changed_at_{};  ///< by table, the last commit that did
    unsigned failing_commits_ = 0;
    bool writing_ = false;
};

}  // namespace kigumi::kv
