#include "replication/row_generators.hpp"

#include <set>

#include "kigumi/crdt/path.hpp"

namespace kigumi::generators {
namespace {

rc::Gen<std::uint64_t> wide_number() {
    return rc::gen::oneOf(
        rc::gen::arbitrary<std::uint64_t>(),
        rc::gen::element<std::uint64_t>(1, 127, 128, 65'535, 65'536, std::uint64_t{1} << 32,
                                        ~std::uint64_t{0}));
}

Tally any_tally() { return {*wide_number(), *wide_number()}; }

Payload any_payload(bool tally_row) {
    const bool plain = *rc::gen::arbitrary<bool>();
    if (!tally_row) return plain ? Payload(*value()) : Payload(Removed{});
    if (plain) return any_tally();
    Reset reset;
    for (const unsigned n : *rc::gen::container<std::set<unsigned>>(rc::gen::inRange(1U, 9U)))
        reset.seen[replica(n)] = any_tally();
    return reset;
}

/// No sound one, but bytes that are taken for one.
Proof any_proof() {
    if (!*rc::gen::weightedElement<bool>({{4, false}, {1, true}})) return {};
    const auto bytes =
        *rc::gen::container<std::vector<char>>(Proof::kSize, rc::gen::arbitrary<char>());
    return *Proof::from_bytes({bytes.data(), bytes.size()});
}

Row any_row(bool tally_row) {
    Row row;
    const auto writes = *rc::gen::resize(100, rc::gen::inRange(1, 4));
    while (row.size() < static_cast<std::size_t>(writes)) {
        const std::uint64_t counter = std::max<std::uint64_t>(1, *wide_number());
        row.insert({{replica(*rc::gen::inRange(1U, 9U)), counter},
                    Hlc{*wide_number()},
                    any_payload(tally_row),
                    any_proof()});
    }
    return row;
}

RowKey any_row_key() {
    RowKey at;
    at.key = "k" + *raw_bytes();
    at.type =
        *rc::gen::element(Type::kRegister, Type::kFlag, Type::kSet, Type::kMap, Type::kCounter);
    if (at.type == Type::kSet) path::append(at.path, *value(1));
    if (at.type == Type::kMap) {
        path::append(at.path, Value(*text()));
        const Type leaf = *rc::gen::element(Type::kRegister, Type::kSet, Type::kCounter);
        path::append(at.path, leaf);
        if (leaf == Type::kSet) path::append(at.path, *value(1));
    }
    return at;
}

}  // namespace

rc::Gen<KeyedRow> keyed_row() {
    return rc::gen::exec([] {
        RowKey at = any_row_key();
        const bool tally_row = leaf_type(at) == Type::kCounter;
        return KeyedRow{std::move(at), any_row(tally_row)};
    });
}

rc::Gen<std::vector<KeyedRow>> keyed_rows() {
    return rc::gen::map(rc::gen::scale(0.2, rc::gen::container<std::vector<KeyedRow>>(keyed_row())),
                        [](std::vector<KeyedRow> rows) {
                            std::set<RowKey> keys;
                            std::vector<KeyedRow> different;
                            for (KeyedRow& row : rows)
                                if (keys.insert(row.at).second) different.push_back(std::move(row));
                            return different;
                        });
}

}  // namespace kigumi::generators
