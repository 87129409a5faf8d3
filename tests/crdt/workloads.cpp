#include "crdt/workloads.hpp"

namespace kigumi::workloads {

rc::Gen<Op> AnyOperation::operations() {
    // inRange grows with the size of the case; numbers that choose must not.
    const auto choice = rc::gen::resize(100, rc::gen::inRange(0U, 500U));
    return rc::gen::construct<Op>(choice, rc::gen::resize(100, rc::gen::inRange(0U, 8U)),
                                  rc::gen::inRange<std::int64_t>(-9, 10));
}

std::ostream& operator<<(std::ostream& out, const Op& op) {
    return out << "op " << op.what << " at " << op.where << " by " << op.amount;
}

Value member(unsigned where) {
    switch (where % 4) {
        case 0:
            return Value("a");
        case 1:
            return Value(std::string("a\0b", 3));
        case 2:
            return Value(1);
        default:
            return Value(std::string(150, 'a'));
    }
}

std::string field(unsigned where) {
    switch (where % 4) {
        case 0:
            return "f";
        case 1:
            return std::string("f\0", 2);
        case 2:
            return "";
        default:
            return std::string(150, 'f');
    }
}

}  // namespace kigumi::workloads
