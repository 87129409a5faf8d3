#pragma once

#include "kigumi/clocks/export.hpp"
#include "kigumi/replication/files.hpp"
#include "kigumi/replication/store.hpp"

namespace kigumi {

/// A descriptor that becomes readable when somebody has committed to a store: any process of the
/// node, or a peer's writes that arrived. Any number of them may watch one directory; nothing
/// runs in the background.
///
/// It listens to the note that every commit leaves in the directory. A commit whose process died
/// before it could leave one is found by looking once a second (or all 20 ms where the system has
/// no watches left to give). One thread at a time.
class KIGUMI_API CommitWatch {
  public:
    static Result<CommitWatch> open(Store& store);

    /// For poll and its kin: readable when it is time for `take`. Never read or close it.
    int descriptor() const { return wake_.get(); }
    /// Makes the descriptor quiet until the next commit. Look at the store after this, not before.
    void take();
    /// Waits until the descriptor is readable, at most so long; a negative time waits without end.
    /// Returns whether it is.
    bool wait(std::int64_t timeout_ms) const;

  private:
    CommitWatch() = default;

    files::Descriptor wake_;   ///< readable if one of the others is
    files::Descriptor notes_;  ///< tells of changes of the note; -1: the system gives no more
    files::Descriptor timer_;
};

}  // namespace kigumi
