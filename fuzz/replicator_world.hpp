#pragma once

#include <map>
#include <memory>
#include <set>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/replicator.hpp"
#include "message_builder.hpp"

namespace kigumi::fuzz {

/// One replicator over a store in memory, hostile peers around it, and what has to hold whatever
/// they say.
class ReplicatorWorld {
  public:
    /// Everything that is random is a function of `seed`.
    ReplicatorWorld(bool small_limits, Numbers seed);

    /// Reads one event from the input and lets it happen.
    void step(Input& input);
    /// Checks what is too dear to check after each step.
    void finish();

  private:
    struct OwnWrite {
        std::string bucket;
        RowKey at;
        Dot dot;
    };

    static ReplicatorOptions limits(bool small);
    StoreOptions store_options();

    void happen(std::uint8_t event, Input& input);
    void receive(LinkId link, const std::string& bytes);
    void local_commit(Input& input);
    void act();
    void check();
    void note_claims(const wire::Message& message);
    void note_answer(const wire::Message& message);
    void note_sent(const Effects::Send& send);
    LinkId link(Input& input) const;

    Numbers random_;
    std::uint64_t now_ms_ = 1'000;
    const ReplicatorOptions options_;
    std::shared_ptr<kv::MemoryEnv> env_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replicator> replicator_;

    LinkId last_link_ = 0;
    std::set<LinkId> links_;
    Knowledge known_;
    std::string last_message_;
    std::uint64_t received_bytes_ = 0;
    std::uint64_t own_members_ = 0;
    std::vector<OwnWrite> own_writes_;
    /// How many events this node made, by bucket and identity.
    std::map<std::string, VersionVector> made_;
    /// The highest event of each replica that some message claimed to have seen.
    VersionVector claimed_;
    /// Parts of batches that are not complete, by bucket.
    std::map<std::string, std::size_t> partial_;
};

}  // namespace kigumi::fuzz
