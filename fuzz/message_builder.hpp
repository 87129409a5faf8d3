#pragma once

#include <map>
#include <string>
#include <vector>

#include "input.hpp"
#include "kigumi/replication/batch.hpp"
#include "protocol/messages.hpp"

namespace kigumi::fuzz {

/// What a peer may know of the node under test, so that its messages fit.
struct Knowledge {
    /// A pull of the node that waits for its answer.
    struct Answer {
        std::uint64_t session = 0;
        std::uint64_t number = 0;  ///< of the next chunk
        std::string unsent;        ///< the rest of a batch whose first part was sent
    };

    std::vector<std::string> buckets;
    std::vector<ReplicaId> replicas;                ///< peers, and the node's own identities
    std::map<std::string, VersionVector> versions;  ///< the node's V
    std::map<std::string, VersionVector> promised;  ///< what a peer last claimed to have
    std::map<std::string, Answer> answers;
    wire::Audit question;  ///< the node's last
};

/// Builds well-formed messages from input bytes; what they say may be true or not. Random bytes
/// would hardly ever be a push that is taken or an answer that fits its pull.
class MessageBuilder {
  public:
    MessageBuilder(Input& input, Knowledge& knowledge) : in_(input), known_(knowledge) {}

    wire::Message hello();
    wire::Message digest();
    wire::Message push();
    wire::Message prune();
    wire::Message hearsay();
    wire::Message pull();
    wire::Message chunk();
    wire::Message credit();
    wire::Message done();
    wire::Message cancel();
    wire::Message audit();
    wire::Message audit_answer();
    wire::Message audit_rows();
    wire::Message heads();

  private:
    const std::string& bucket() { return known_.buckets[in_.byte() % known_.buckets.size()]; }
    const ReplicaId& replica() { return known_.replicas[in_.byte() % known_.replicas.size()]; }
    std::uint64_t counter();
    VersionVector vector(const std::string& bucket);
    RowKey row_key();
    std::string place();
    Payload payload(bool tally_row);
    std::vector<KeyedRow> rows(const VersionVector& within);
    wire::Cursor cursor(const std::string& bucket);
    std::vector<Head> some_heads();

    Input& in_;
    Knowledge& known_;
};

}  // namespace kigumi::fuzz
