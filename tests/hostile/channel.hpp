#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/messages.hpp"

namespace kigumi::hostile {

using Millis = std::chrono::milliseconds;

/// A connection to a node on which anything may be said. It does not matter who has dialled.
class Channel {
  public:
    virtual ~Channel() = default;

    /// False if the node does not take it within a moment, or is gone.
    virtual bool send(std::string_view frame) = 0;
    virtual std::optional<std::string> receive(Millis limit) = 0;

    bool send(const wire::Message& message) { return send(wire::encode(message)); }

    /// The next message of a kind; others are dropped. Nothing if it does not come in time.
    template <class Kind>
    std::optional<Kind> await(Millis limit) {
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            const auto left =
                std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now());
            if (left.count() <= 0) return std::nullopt;
            const auto frame = receive(left);
            if (!frame) return std::nullopt;
            auto message = wire::decode(*frame);
            if (!message) continue;
            if (auto* const kind = std::get_if<Kind>(&*message)) return std::move(*kind);
        }
    }
};

}  // namespace kigumi::hostile
