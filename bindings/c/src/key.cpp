#include <cstdlib>
#include <memory>

#include "handles.hpp"
#include "kigumi/daemon/keys.hpp"

using namespace kigumi;

kigumi_status kigumi_key_generate_copy(const char* file, char** public_key) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_TRY(const char* const path, c::required(file, "file"));
        KIGUMI_CHECK(c::require(public_key, "public_key"));
        KIGUMI_TRY(const KeyPair pair, KeyPair::generate());
        KIGUMI_TRY(char* const text, c::copy_of(pair.public_key().text()));
        std::unique_ptr<char, decltype(&std::free)> kept(text, &std::free);
        KIGUMI_CHECK(pair.save(path));
        *public_key = kept.release();
        return {};
    });
}
