#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kigumi/replication/kv.hpp"

namespace kigumi::bundle {

/// Items for the tables of a new environment, in the order of their keys.
class TableBatch {
  public:
    void append(kv::Table table, std::string_view key, std::string_view value) {
        puts_.push_back({table, key.size(), value.size()});
        bytes_.append(key).append(value);
    }
    std::size_t bytes() const { return bytes_.size(); }
    /// Makes it empty; its memory is kept, and used again.
    void clear();
    Result<void> write_to(kv::WriteTxn& txn) const;

    /// What else is to be done, before the items are appended.
    std::function<Result<void>(kv::WriteTxn&)> first;

  private:
    struct Put {
        kv::Table table;
        std::size_t key;
        std::size_t value;
    };
    std::vector<Put> puts_;
    std::string bytes_;
};

/// Writes batches to an environment on a thread of its own, so that its caller can read and check
/// what comes next.
class TableFiller {
  public:
    explicit TableFiller(kv::Env& env);
    /// Drops what waits.
    ~TableFiller();
    TableFiller(const TableFiller&) = delete;
    TableFiller& operator=(const TableFiller&) = delete;

    /// Takes what the batch holds, and leaves it empty; waits if several are waiting. An error is
    /// that of an earlier batch.
    Result<void> add(TableBatch& batch);
    /// Waits until all is committed.
    Result<void> finish();

  private:
    void run();
    Result<void> fill();
    /// Makes the next batch of the one that is done with; false at the end.
    bool next(TableBatch& batch);

    kv::Env& env_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<TableBatch> waiting_;
    std::vector<TableBatch> spare_;
    bool complete_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    Result<void> outcome_;
    std::thread thread_;
};

}  // namespace kigumi::bundle
