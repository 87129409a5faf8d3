#pragma once

#include "kigumi/replication/bundle.hpp"

namespace kigumi::bundle {

/// When a bucket's part of a bundle is joined in steps, so that local writers do not wait for it,
/// and how large they are.
struct ImportSteps {
    std::size_t rows = 4'096;                  ///< more are laid over, and folded in behind
    std::size_t bytes = std::size_t{4} << 20;  ///< … of the whole bundle
    std::size_t staged_rows = 1'024;           ///< that go to disk at a time
    std::size_t staged_bytes = std::size_t{512} << 10;
};

/// `import` with steps of another size.
Result<std::vector<Summary>> import_in(const ImportSteps& steps, Store& store,
                                       const std::vector<std::filesystem::path>& files,
                                       const Progress& progress);

/// Makes one bucket's part visible in one small transaction, as a large pull does, and folds it in.
/// While it is being staged nothing of it shows, and what is left of an attempt that broke off goes
/// when the next one begins, or the next pull.
/// `as_signed`: the proofs of its writes were checked.
Result<void> lay_over(Store& store, const std::filesystem::path& file, const Cut& cut,
                      bool as_signed, const ImportSteps& steps);

}  // namespace kigumi::bundle
