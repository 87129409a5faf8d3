#include "big_endian.hpp"
#include "codec.hpp"
#include "kigumi/replication/store.hpp"
#include "store_state.hpp"

/// The nodes that this one has met, in the `meta` table.
namespace kigumi {
namespace {

using kv::Table;

constexpr std::string_view kKey = "contacts";
constexpr std::string_view kSelfDoubt = "self-doubt";

}  // namespace

Result<void> Store::put_contacts(const std::vector<ContactRecord>& contacts,
                                 std::uint64_t self_doubt) {
    codec::Buffer buffer;
    codec::Packer packer(buffer);
    packer.pack_array(static_cast<std::uint32_t>(contacts.size()));
    for (const ContactRecord& contact : contacts) {
        packer.pack_array(5);
        codec::pack_bytes(packer, contact.replica.bytes());
        codec::pack_text(packer, contact.address);
        codec::pack_text(packer, contact.key);
        codec::pack_text(packer, contact.opinion);
        packer.pack_uint64(contact.changed_ms);
    }
    KIGUMI_TRY(const auto txn, state_->env->begin_write());
    KIGUMI_CHECK(txn->put(Table::kMeta, kKey, buffer.bytes));
    std::string doubt;
    append_u64(doubt, self_doubt);
    KIGUMI_CHECK(txn->put(Table::kMeta, kSelfDoubt, doubt));
    return txn->commit();
}

Result<std::uint64_t> Store::self_doubt() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto stored, txn->get(Table::kMeta, kSelfDoubt));
    return stored && stored->size() == 8 ? read_u64(*stored) : 0;
}

Result<std::vector<ContactRecord>> Store::contacts() {
    KIGUMI_TRY(const auto txn, state_->env->begin_read());
    KIGUMI_TRY(const auto stored, txn->get(Table::kMeta, kKey));
    std::vector<ContactRecord> contacts;
    if (!stored) return contacts;
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(*stored));
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        reader.array_of(5);
        ContactRecord contact;
        contact.replica = codec::read_replica(reader);
        contact.address = reader.text();
        contact.key = reader.text();
        contact.opinion = reader.text();
        contact.changed_ms = reader.uint();
        contacts.push_back(std::move(contact));
    }
    KIGUMI_CHECK(reader.finish("the stored list of contacts"));
    return contacts;
}

}  // namespace kigumi
