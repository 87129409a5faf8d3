#include "kigumi/daemon/membership.hpp"

#include <memory>

#include "check.hpp"
#include "input.hpp"
#include "membership_messages.hpp"

/// Messages of failure detectors from anybody: what decodes is canonical once it is written again,
/// and a detector that hears it stays within its bounds and says nothing that others would refuse.
namespace kigumi::fuzz {
namespace {

using namespace membership;

constexpr std::size_t kMaxMembers = 16;

void check_form(std::string_view bytes) {
    const auto message = decode(bytes);
    if (!message) return;
    const std::string encoded = encode(*message);
    const auto again = decode(encoded);
    require(again.has_value(), "what was written can be read");
    require(encode(*again) == encoded, "the form of a message is canonical");
    require(is_control_message(encoded), "a message is told from those of replication");
}

void check_detector(std::string_view bytes) {
    MembershipOptions options;
    options.max_members = kMaxMembers;
    auto numbers = std::make_shared<Numbers>(bytes);
    options.random = [numbers] { return numbers->next(); };
    ReplicaId::Bytes id{};
    id.fill(0x11);
    Membership detector({{ReplicaId(id), "192.0.2.1:7001", "", false}, 1'000, Liveness::kAlive, 0},
                        options, 1'000);
    // The same message again and again, with time in between.
    std::uint64_t now_ms = 1'000;
    for (int step = 0; step < 6; ++step) {
        static_cast<void>(detector.receive(bytes, now_ms));
        now_ms += 700;
        detector.tick(now_ms);
        for (const auto& send : detector.take_actions().sends)
            require(decode(send.message).has_value(), "what a detector says can be read");
    }
    require(detector.members().size() <= kMaxMembers, "the list is bounded");
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = kigumi::fuzz::as_text(data, size);
    kigumi::fuzz::check_form(bytes);
    kigumi::fuzz::check_detector(bytes);
    return 0;
}
