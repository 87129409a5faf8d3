#include "bytes.hpp"
#include "lab.hpp"

/// Pulls, at once or in parts: the product's two ends, with this as the network between them.
namespace kigumi::scope {
namespace {

constexpr std::uint64_t kNowMs = 1'000;
constexpr std::uint64_t kTimeoutMs = 2'000;

LinkId link_to(unsigned replica) { return replica + 1; }

std::vector<std::string> sent(Effects effects) {
    std::vector<std::string> messages;
    for (auto& send : effects.sends) messages.push_back(std::move(send.message));
    return messages;
}

template <class T>
T must(Result<T> result, const char* what) {
    if (!result) throw Violation(std::string(what) + ": " + result.error().message);
    return std::move(*result);
}

}  // namespace

std::string Session::bytes() const {
    std::string out;
    append(out, std::uint64_t{client});
    append(out, std::uint64_t{server});
    append(out, base);
    append(out, taken);
    append(out, std::uint64_t{run_parts});
    append(out, std::uint64_t{broken()});
    for (const std::string& message : arriving) append(out, message);
    append(out, version);
    append(out, past);
    return out;
}

namespace {

/// Another pull, at once, has used the place where this one had put rows aside: it begins anew.
template <class T>
bool lost_its_place(const Result<T>& outcome) {
    return !outcome && outcome.error().code == ErrorCode::kBusy;
}

}  // namespace

Session Lab::begin(const Session* broken, const Site& client, const Site& server) {
    Session session;
    session.client = client.replica;
    session.server = server.replica;
    put(server);
    PullClient pull = broken != nullptr
                          ? *broken->pull
                          : PullClient(put(client), std::string(kDefaultBucket), options_);
    put(client);
    const wire::Pull request = must(pull.begin(link_to(server.replica), id_of(server.replica),
                                               client.version, kNowMs, kTimeoutMs),
                                    "a pull cannot begin");
    const std::string bytes = wire::encode(request);
    if (request.resume && broken != nullptr) {
        session.base = broken->base;
        session.taken = broken->taken;
    } else if (request.resume) {
        append(session.base, bytes);  // a crash has left what went to the disk
    } else {
        append(session.base, request.base);
    }
    PullServer answer(*benches_[server.replica].store, options_);
    Effects effects;
    answer.begin(link_to(client.replica), std::get<wire::Pull>(wire::decode(bytes).value()), kNowMs,
                 effects);
    session.arriving = sent(std::move(effects));
    session.pull = std::make_shared<const PullClient>(std::move(pull));
    session.answer = std::make_shared<const PullServer>(std::move(answer));
    session.past = server.past;
    session.version = server.version;
    return session;
}

bool Lab::take_arrived(Session& session, const Site& server) {
    PullClient pull = *session.pull;
    std::vector<wire::Credit> credits;
    for (const std::string& bytes : session.arriving) {
        wire::Message message = wire::decode(bytes).value();
        if (auto* chunk = std::get_if<wire::Chunk>(&message)) {
            auto taken = pull.take(*chunk, nullptr, kNowMs);
            if (lost_its_place(taken)) return false;
            auto batch = must(std::move(taken), "an honest part was refused");
            if (batch) {
                const auto credit = pull.stage(std::move(*batch), false, kNowMs);
                if (lost_its_place(credit)) return false;
                credits.push_back(must(credit, "an honest batch was refused"));
            }
            ++session.run_parts;
            chunk->number = 0;
            append(session.taken, wire::encode(*chunk));
        } else if (const auto* done = std::get_if<wire::Done>(&message)) {
            const auto finished = pull.finish(*done, nullptr);
            if (!lost_its_place(finished)) must(finished, "an honest answer was refused");
            return false;
        } else {
            pull.abort(false);
            session.pull = std::make_shared<const PullClient>(std::move(pull));
            session.refused = true;
            return false;
        }
    }
    session.arriving.clear();
    PullServer answer = *session.answer;
    put(server);
    Effects effects;
    for (const wire::Credit& credit : credits)
        answer.grant(link_to(session.client), credit, kNowMs, effects);
    session.arriving = sent(std::move(effects));
    session.pull = std::make_shared<const PullClient>(std::move(pull));
    session.answer = std::make_shared<const PullServer>(std::move(answer));
    session.past = server.past;
    session.version = server.version;
    return true;
}

Lab::Id Lab::pull(Id client, Id server) {
    return once(kPull, client, server, 0,
                [&]() -> Outcome {
                    const Site& source = sites_[server];
                    if (sites_[client].version.covers(source.version)) return {client};
                    Session session = begin(nullptr, sites_[client], source);
                    while (take_arrived(session, source)) {
                    }
                    if (session.refused) {
                        // What a crash had left could not be gone on with: this drops it.
                        session = begin(&session, sites_[client], source);
                        while (take_arrived(session, source)) {
                        }
                    }
                    return {settle(sites_[client], {&source.past})};
                })
        .first;
}

Lab::Pulling Lab::ask(Id broken, Id client, Id server) {
    const Outcome outcome = once(kAsk, broken, client, server, [&]() -> Outcome {
        Session session =
            begin(broken == 0 ? nullptr : &sessions_[broken], sites_[client], sites_[server]);
        std::string bytes = session.bytes();
        return {sessions_.add(std::move(bytes), std::move(session)), settle(sites_[client], {})};
    });
    return {outcome.first, outcome.second};
}

Lab::Pulling Lab::take(Id id, Id client, Id server) {
    const Outcome outcome = once(kTake, id, client, server, [&]() -> Outcome {
        Session session = sessions_[id];
        put(sites_[client]);
        const bool goes_on = take_arrived(session, sites_[server]);
        const Id after = settle(sites_[client], {&session.past});
        if (!goes_on) return {0, after};
        std::string bytes = session.bytes();
        return {sessions_.add(std::move(bytes), std::move(session)), after};
    });
    return {outcome.first, outcome.second};
}

Lab::Id Lab::break_off(Id id) {
    return once(kBreak, id, 0, 0,
                [&]() -> Outcome {
                    Session session = sessions_[id];
                    PullClient pull = *session.pull;
                    if (session.taken.empty()) return {0};
                    pull.abort(true);
                    session.pull = std::make_shared<const PullClient>(std::move(pull));
                    session.answer.reset();
                    session.arriving.clear();
                    session.version = {};
                    session.run_parts = 0;
                    std::string bytes = session.bytes();
                    return {sessions_.add(std::move(bytes), std::move(session))};
                })
        .first;
}

}  // namespace kigumi::scope
