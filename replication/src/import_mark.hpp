#pragma once

#include <string_view>

namespace kigumi {

/// What stands with rows that the import of a bundle has staged (`WriteTransaction::mark_staged`),
/// before what is its own. No pull's mark begins so.
inline constexpr std::string_view kImportMark = "import ";

inline bool is_import_mark(std::string_view mark) { return mark.starts_with(kImportMark); }

}  // namespace kigumi
