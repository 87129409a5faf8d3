#include "hostile/load.hpp"

#include <stdexcept>

#include "hostile/right.hpp"
#include "kigumi/crdt/path.hpp"
#include "support/process.hpp"

namespace kigumi::hostile {
namespace {

constexpr int kPauseMs = 25;
/// Each transaction takes a member away that is so old.
constexpr std::int64_t kMembersLeft = 60;
constexpr std::int64_t kOrderEvery = 10;
/// An order is asked for again so many orders later.
constexpr std::int64_t kRetryAfter = 20;
constexpr std::int64_t kSealedEvery = 5;

std::string member(const std::string& name, std::int64_t n) {
    return name + ":" + std::to_string(n);
}

}  // namespace

void Expected::add(const Expected& other) {
    total += other.total;
    sealed += other.sealed;
    orders += other.orders;
    members.insert(other.members.begin(), other.members.end());
}

Writer::~Writer() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void Writer::start() {
    thread_ = std::thread([this] {
        try {
            write_until_stopped();
        } catch (const std::exception& error) {
            failure_ = error.what();
        }
    });
}

Expected Writer::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    if (!failure_.empty()) throw std::runtime_error("the writer at " + name_ + ": " + failure_);
    return expected_;
}

void Writer::write_until_stopped() {
    for (std::int64_t n = 1; !stopping_; ++n) {
        write_once(n);
        if (n % kOrderEvery == 0) {
            const std::int64_t order = n / kOrderEvery;
            execute(order, false);
            if (order > kRetryAfter) execute(order - kRetryAfter, true);
        }
        beat_ = n;
        sleep_for_ms(kPauseMs);
    }
}

void Writer::write_once(std::int64_t n) {
    {
        auto tx = store_.write(kPlain).value();
        const std::int64_t old = n - kMembersLeft;
        tx.counter("total").add(n % 3 == 0 ? -1 : 2).value();
        tx.set("members").add(Value(member(name_, n))).value();
        if (old > 0) tx.set("members").erase(Value(member(name_, old))).value();
        tx.reg("last").assign(Value(name_)).value();
        tx.reg(beat_key(name_)).assign(Value(n)).value();
        tx.commit().value();
        expected_.total += n % 3 == 0 ? -1 : 2;
        expected_.members.insert(member(name_, n));
        if (old > 0) expected_.members.erase(member(name_, old));
    }
    if (n % kSealedEvery != 0) return;
    auto tx = store_.write(kSigned).value();
    tx.counter("sealed").add(1).value();
    tx.commit().value();
    ++expected_.sealed;
}

void Writer::execute(std::int64_t order, bool repeated) {
    auto tx = store_.write(kPlain).value();
    const auto done = tx.request("order-" + name_ + "-" + std::to_string(order))
                          .once([&tx]() -> Result<Value> {
                              KIGUMI_CHECK(tx.counter("orders").add(1));
                              return Value(1);
                          })
                          .value();
    tx.commit().value();
    if (done.repeated != repeated)
        throw std::runtime_error("order " + std::to_string(order) +
                                 (repeated ? " was counted twice" : " was there before it came"));
    if (!repeated) ++expected_.orders;
}

std::int64_t beat_in(Store& store, const std::string& writer) {
    auto snapshot = store.read(kPlain);
    if (!snapshot) return 0;
    const auto value = snapshot->reg(beat_key(writer)).get();
    if (!value || !*value) return 0;
    const auto* const n = (*value)->get_if<std::int64_t>();
    return n == nullptr ? 0 : *n;
}

bool is_honest(const RowKey& at) {
    if (at.key == kRequestsKey) {
        std::string_view path = at.path;
        const auto id = path::take_value(path);
        const auto* const text = id ? id->get_if<std::string>() : nullptr;
        return text != nullptr && text->starts_with("order-");
    }
    return at.key == "total" || at.key == "members" || at.key == "last" || at.key == "orders" ||
           at.key == "sealed" || at.key.starts_with("beat-");
}

}  // namespace kigumi::hostile
