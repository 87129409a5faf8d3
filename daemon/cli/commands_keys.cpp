#include "command.hpp"
#include "kigumi/daemon/keys.hpp"
#include "text.hpp"

namespace kigumi::cli {

Result<Answer> keygen(Session& session) {
    const std::string& file = session.args[0];
    KIGUMI_TRY(const KeyPair pair, KeyPair::generate());
    KIGUMI_CHECK(pair.save(file));
    if (!session.json) {
        session.out.line(pair.public_key().text());
        return Answer::kYes;
    }
    JsonObject object;
    object.add("file", Value(file));
    object.add("public", Value(pair.public_key().text()));
    session.out.line(object.text());
    return Answer::kYes;
}

}  // namespace kigumi::cli
