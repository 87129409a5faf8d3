#include <kigumi/testing/laws.hpp>

/// The highest of what was written at the same time: the smallest type that one could make.
struct Highest {
    using Operation = int;
    static rc::Gen<int> operations() { return rc::gen::inRange(0, 9); }
    static void apply(kigumi::MemoryRows& rows, int to) { rows.reg("highest").assign(to).value(); }
    static std::int64_t read(kigumi::MemoryRows& rows) {
        std::int64_t highest = 0;
        for (const kigumi::Sibling& sibling : rows.reg("highest").siblings().value())
            highest = std::max(highest, *sibling.value.get_if<std::int64_t>());
        return highest;
    }
};

int main() {
    return rc::check("it converges", kigumi::laws::any_delivery_order_converges<Highest>) ? 0 : 1;
}
