#include "options.hpp"

#include <algorithm>

namespace kigumi::config {

const std::vector<Option>& options() {
    static const std::vector<Option> table = [] {
        std::vector<Option> all;
        for (auto* const section : {node_options, replication_options, membership_options,
                                    service_options, backup_options})
            for (Option& option : section()) all.push_back(std::move(option));
        return all;
    }();
    return table;
}

const Option* find(std::string_view key) {
    const auto at = std::find_if(options().begin(), options().end(),
                                 [key](const Option& option) { return option.key == key; });
    return at == options().end() ? nullptr : &*at;
}

}  // namespace kigumi::config
