#pragma once

#include "kigumi/replication/batch.hpp"
#include "support/value_generators.hpp"

namespace kigumi {

inline std::ostream& operator<<(std::ostream& out, const KeyedRow& keyed) {
    out << keyed.at;
    for (const Write& write : keyed.row) {
        out << ' ' << write.dot.origin << ':' << write.dot.counter << '@' << write.time.bits << ' ';
        if (const Value* value = write.value()) {
            out << *value;
        } else {
            out << "payload " << write.payload.index();
        }
    }
    return out;
}

namespace generators {

/// Any row that a writer can have written, of any type, wherever it may stand.
rc::Gen<KeyedRow> keyed_row();
/// Rows at different keys.
rc::Gen<std::vector<KeyedRow>> keyed_rows();

}  // namespace generators
}  // namespace kigumi
