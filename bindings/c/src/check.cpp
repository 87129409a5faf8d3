#include "kigumi/replication/check.hpp"

#include "handles.hpp"
#include "options.hpp"

using namespace kigumi;

kigumi_status kigumi_store_check(kigumi_store* store, bool repair, kigumi_check_report* report,
                                 char** problems_copy) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(report, "report"));
        KIGUMI_CHECK(c::check_struct_size(*report));
        KIGUMI_TRY(const check::Report found,
                   repair ? check::repair(*store->store, {}) : check::run(*store->store));
        if (problems_copy != nullptr) {
            std::string lines;
            for (const check::Problem& problem : found.problems)
                lines += check::describe(problem) + "\n";
            KIGUMI_TRY(*problems_copy, c::copy_of(lines));
        }
        kigumi_check_report told{};
        told.looked_at = found.looked_at;
        told.found = found.found;
        told.repaired = found.repaired;
        c::fill(report, told);
        return {};
    });
}
