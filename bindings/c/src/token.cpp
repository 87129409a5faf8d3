#include "token.hpp"

using namespace kigumi;

kigumi_status kigumi_token_open(kigumi_slice text, kigumi_token** token) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::require(token, "token"));
        KIGUMI_TRY(const std::string_view word, c::bytes_of(text, "the token"));
        auto opened = std::make_unique<kigumi_token>();
        if (!word.empty()) {
            KIGUMI_TRY(opened->seen, SessionToken::parse(word));
        }
        *token = opened.release();
        return {};
    });
}

kigumi_status kigumi_token_observe(kigumi_token* token, const kigumi_txn* txn) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(token));
        KIGUMI_CHECK(c::check(txn));
        const c::Transaction& transaction = *txn->transaction;
        if (transaction.writing)
            return fail(ErrorCode::kInvalidArgument,
                        "the transaction is not committed; commit it, then let the token observe");
        if (!transaction.reading && !transaction.committed) return c::ended();
        SessionToken all = transaction.reading ? transaction.reading->token()
                                               : SessionToken(*transaction.committed);
        all.merge(token->seen);
        token->seen = std::move(all);
        return {};
    });
}

kigumi_status kigumi_token_merge(kigumi_token* token, const kigumi_token* other) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(token));
        KIGUMI_CHECK(c::check(other));
        SessionToken all = token->seen;
        all.merge(other->seen);
        token->seen = std::move(all);
        return {};
    });
}

kigumi_status kigumi_token_text_copy(const kigumi_token* token, char** text) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(token));
        KIGUMI_CHECK(c::require(text, "text"));
        KIGUMI_TRY(*text, c::copy_of(token->seen.text()));
        return {};
    });
}

void kigumi_token_close(kigumi_token* token) { c::destroy(token); }
