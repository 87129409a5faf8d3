#pragma once

#include <zmq.hpp>

#include "kigumi/daemon/keys.hpp"
#include "process/site.hpp"
#include "protocol/messages.hpp"

namespace kigumi {

/// A key pair and the file that holds it.
struct Key {
    Key(const std::filesystem::path& at) : pair(KeyPair::ephemeral().value()), file(at.string()) {
        pair.save(at).value();
    }
    const std::string& text() const { return pair.public_key().text(); }

    KeyPair pair;
    std::string file;
};

/// A peer that speaks CURVE with any key, and says what it likes.
class Guest {
  public:
    /// Expects `server` at `HOST:PORT`. `routing_id`: empty for none of its own.
    Guest(zmq::context_t& context, const std::string& address, const Key& key, const Key& server,
          const std::string& routing_id = {});

    void send(const wire::Message& message);
    void greet(const ReplicaId& as) { send(wire::Hello{wire::kProtocolVersion, as, false}); }
    /// Whether a greeting is answered within some seconds.
    bool is_answered(const ReplicaId& as);
    zmq::socket_t& socket() { return socket_; }

  private:
    zmq::socket_t socket_;
};

/// Sites with keys.
class LockedTest : public ProcessTest {
  protected:
    Key& make_key();
    /// A site that runs with a key of its own.
    Site& start_site(const Key& key, const std::vector<std::string>& allow,
                     const std::vector<std::string>& peers = {});
    void restart(Site& site, const Key& key, const std::vector<std::string>& allow,
                 const std::vector<std::string>& peers = {});
    static std::size_t times(Site& site, const std::string& text);

    std::deque<Key> keys_;
    zmq::context_t context_{1};
};

inline ReplicaId made_up(std::uint8_t number) { return ReplicaId(ReplicaId::Bytes{number, 0xEE}); }

}  // namespace kigumi
