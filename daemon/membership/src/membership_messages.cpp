#include "membership_messages.hpp"

#include "codec.hpp"
#include "kigumi/daemon/membership.hpp"

namespace kigumi::membership {
namespace {

using codec::Packer;

/// Kinds from here on are of the control protocols, those below of replication.
constexpr std::uint8_t kFirstControlKind = 64;

// The numbers are the indices of Body's alternatives, counted from kFirstControlKind.
enum Kind : std::uint8_t { kPing = kFirstControlKind, kPingFor, kAck, kNack, kGossip, kExchange };

void write_contact(Packer& packer, const Contact& contact) {
    packer.pack_array(4);
    codec::pack_bytes(packer, contact.replica.bytes());
    codec::pack_text(packer, contact.address);
    codec::pack_text(packer, contact.key);
    contact.leaf ? packer.pack_true() : packer.pack_false();
}

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c > '~') return false;
    return true;
}

Contact read_contact(MsgpackReader& reader) {
    reader.array_of(4);
    Contact contact;
    contact.replica = codec::read_replica(reader);
    contact.address = reader.text();
    contact.key = reader.text();
    contact.leaf = reader.boolean();
    if (contact.replica == ReplicaId() || contact.address.empty() ||
        contact.address.size() > kMaxAddressBytes || contact.key.size() > kMaxKeyBytes ||
        !is_printable(contact.address) || !is_printable(contact.key))
        reader.reject();
    return contact;
}

std::uint64_t read_incarnation(MsgpackReader& reader) {
    const std::uint64_t incarnation = reader.uint();
    if (incarnation > kMaxIncarnation) reader.reject();
    return incarnation;
}

void write_claim(Packer& packer, const Claim& claim) {
    packer.pack_array(4);
    write_contact(packer, claim.contact);
    packer.pack_uint64(claim.incarnation);
    packer.pack_uint8(static_cast<std::uint8_t>(claim.liveness));
    codec::pack_bytes(packer, claim.accuser.bytes());
}

Claim read_claim(MsgpackReader& reader) {
    reader.array_of(4);
    Claim claim;
    claim.contact = read_contact(reader);
    claim.incarnation = read_incarnation(reader);
    const std::uint64_t liveness = reader.uint();
    if (liveness > static_cast<std::uint64_t>(Liveness::kLeft)) reader.reject();
    claim.liveness = static_cast<Liveness>(liveness & 3);
    claim.accuser = codec::read_replica(reader);
    if ((claim.liveness == Liveness::kSuspect) == (claim.accuser == ReplicaId())) reader.reject();
    return claim;
}

/// Writes what is particular to a kind of message, after how many fields the message has.
class BodyWriter {
  public:
    explicit BodyWriter(Packer& to) : packer(to) {}

    void operator()(const Ping& ping) const {
        start(6, kPing);
        packer.pack_uint64(ping.number);
        codec::pack_bytes(packer, ping.target.bytes());
    }
    void operator()(const PingFor& ping) const {
        start(6, kPingFor);
        packer.pack_uint64(ping.number);
        write_contact(packer, ping.target);
    }
    void operator()(const Ack& ack) const {
        start(5, kAck);
        packer.pack_uint64(ack.number);
    }
    void operator()(const Nack& nack) const {
        start(5, kNack);
        packer.pack_uint64(nack.number);
    }
    void operator()(const Gossip&) const { start(4, kGossip); }
    void operator()(const Exchange& exchange) const {
        start(5, kExchange);
        exchange.answer_wanted ? packer.pack_true() : packer.pack_false();
    }

  private:
    void start(std::uint32_t elements, Kind kind) const {
        packer.pack_array(elements);
        packer.pack_uint8(kind);
    }

    Packer& packer;
};

Body read_body(MsgpackReader& reader, std::uint32_t elements, std::uint64_t kind) {
    const auto expect = [&](std::uint32_t size) {
        if (elements != size) reader.reject();
    };
    switch (kind) {
        case kPing: {
            expect(6);
            const std::uint64_t number = reader.uint();
            return Ping{number, codec::read_replica(reader)};
        }
        case kPingFor: {
            expect(6);
            const std::uint64_t number = reader.uint();
            return PingFor{number, read_contact(reader)};
        }
        case kAck:
            expect(5);
            return Ack{reader.uint()};
        case kNack:
            expect(5);
            return Nack{reader.uint()};
        case kGossip:
            expect(4);
            return Gossip{};
        case kExchange:
            expect(5);
            return Exchange{reader.boolean()};
        default:
            reader.reject();
            return Gossip{};
    }
}

}  // namespace

std::string encode(const Message& message) {
    codec::Buffer buffer;
    Packer packer(buffer);
    std::visit(BodyWriter(packer), message.body);
    write_contact(packer, message.sender);
    packer.pack_uint64(message.incarnation);
    packer.pack_array(static_cast<std::uint32_t>(message.claims.size()));
    for (const Claim& claim : message.claims) write_claim(packer, claim);
    return std::move(buffer.bytes);
}

Result<Message> decode(std::string_view bytes) {
    if (bytes.size() > kMaxMessageBytes)
        return fail(ErrorCode::kCorrupt, "a message is larger than 1 MiB");
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(bytes));
    const std::uint32_t elements = reader.array();
    const std::uint64_t kind = reader.uint();
    Message message;
    message.body = read_body(reader, elements, kind);
    message.sender = read_contact(reader);
    message.incarnation = read_incarnation(reader);
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
        message.claims.push_back(read_claim(reader));
    KIGUMI_CHECK(reader.finish("a message of the failure detector"));
    return message;
}

}  // namespace kigumi::membership

namespace kigumi {

bool is_control_message(std::string_view bytes) {
    // The header of a short array, and a small number: what every writer of msgpack makes of them.
    constexpr unsigned kShortArray = 0x90;
    if (bytes.size() < 2) return false;
    const auto header = static_cast<unsigned char>(bytes[0]);
    const auto kind = static_cast<unsigned char>(bytes[1]);
    return (header & 0xF0U) == kShortArray && kind >= membership::kFirstControlKind && kind < 0x80;
}

}  // namespace kigumi
