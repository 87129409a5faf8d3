#include "kigumi/daemon/node.hpp"
#include "process/locked.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

class Security : public LockedTest {
  protected:
    void expect_refused(const std::vector<std::string>& options, const std::string& part) {
        std::vector<std::string> command = {KIGUMID, "--data", (scratch_.path() / "data").string(),
                                            "--listen", "127.0.0.1:*"};
        command.insert(command.end(), options.begin(), options.end());
        Process process(command, scratch_.path() / ("refused" + std::to_string(refused_++)));
        EXPECT_EQ(process.wait_for(seconds(20)), 2);
        EXPECT_NE(process.output().find(part), std::string::npos) << process.output();
    }
    int refused_ = 0;
};

TEST_F(Security, AMeshWithKeysConverges) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& three = make_key();
    Site& a = start_site(one, {two.text(), three.text()});
    Site& b = start_site(two, {one.text(), three.text()}, {one.text() + "@" + a.address()});
    // Without a key before the address any listed one will do; the wrong one is tried first.
    Site& c = start_site(three, {two.text(), one.text()}, {a.address(), b.address()});
    a.add("members", 1);
    b.add("members", 2);
    c.add("members", 3);
    expect_converged(seconds(30));
    EXPECT_EQ(a.size("members"), 3U);
}

TEST_F(Security, NobodyRunsWithoutALockThatNobodyAskedFor) {
    const Key& key = make_key();
    const Key& other = make_key();
    expect_refused({}, "kigumi keygen");
    expect_refused({"--insecure", "--key", key.file}, "leave it out");
    expect_refused({"--key", (scratch_.path() / "none").string()}, "cannot open the key file");
    expect_refused({"--key", key.file, "--allow=nonsense"}, "is no public key");
    expect_refused({"--key", key.file, "--allow=" + other.text() + "=reed"}, "no right \"reed\"");
    expect_refused({"--key", key.file, "--peer=" + other.text() + "@127.0.0.1:1"}, "--allow");
    std::filesystem::permissions(key.file, std::filesystem::perms(0644));
    expect_refused({"--key", key.file}, "chmod 600");
}

TEST_F(Security, StrangersGetNothing) {
    const Key& one = make_key();
    const Key& two = make_key();
    Site& a = start_site(one, {two.text()});
    Site& b = start_site(two, {one.text()}, {a.address()});
    // A key that is not listed.
    Guest unlisted(context_, a.address(), make_key(), one);
    // The right key of the guest, and the wrong one of the server.
    Guest misled(context_, a.address(), two, make_key());
    // No key at all.
    zmq::socket_t plain(context_, zmq::socket_type::dealer);
    plain.set(zmq::sockopt::linger, 0);
    plain.set(zmq::sockopt::sndtimeo, 500);
    plain.connect("tcp://" + a.address());
    const wire::Hello hello{wire::kProtocolVersion, made_up(1), false};
    for (zmq::socket_t* const socket : {&unlisted.socket(), &misled.socket(), &plain}) {
        const std::string bytes = wire::encode(hello);
        for (int i = 0; i < 10; ++i) socket->send(zmq::buffer(bytes), zmq::send_flags::dontwait);
    }
    a.add("members", 1);
    b.add("members", 2);
    expect_converged();
    EXPECT_EQ(times(a, "event=peer.up"), 1U) << a.daemon().output();
    for (zmq::socket_t* const socket : {&unlisted.socket(), &misled.socket(), &plain}) {
        zmq::message_t answer;
        EXPECT_FALSE(socket->recv(answer, zmq::recv_flags::dontwait));
    }
}

TEST_F(Security, ADaemonThatIsTurnedAwaySaysWhy) {
    const Key& one = make_key();
    const Key& two = make_key();
    Site& a = start_site(one, {make_key().text()});
    Site& b = start_site(two, {one.text()}, {one.text() + "@" + a.address()});
    EXPECT_NE(b.daemon().wait_for_output("the key of this node is not listed there"), "");
    const Key& three = make_key();
    Site& c = start_site(three, {make_key().text()}, {b.address()});
    EXPECT_NE(c.daemon().wait_for_output("has shown no key that is listed here"), "");
}

TEST_F(Security, ARoutingIdTakesNothingOver) {
    const Key& one = make_key();
    const Key& two = make_key();
    const Key& thief = make_key();
    Site& a = start_site(one, {two.text(), thief.text()});
    Guest owner(context_, a.address(), two, one);
    EXPECT_TRUE(owner.is_answered(made_up(2)));
    // A name of its own choice gets nobody in, whosever it may be or have been.
    Guest named(context_, a.address(), thief, one, "owner");
    EXPECT_FALSE(named.is_answered(made_up(3)));
    // And under its own key it cannot be somebody else's replica.
    Guest liar(context_, a.address(), thief, one);
    EXPECT_FALSE(liar.is_answered(made_up(2)));
    EXPECT_NE(a.daemon().wait_for_output("which belongs to key " + two.text()), "");
    Guest honest(context_, a.address(), thief, one);
    EXPECT_TRUE(honest.is_answered(made_up(4)));
    EXPECT_TRUE(owner.is_answered(made_up(2)));
}

TEST_F(Security, ClustersDoNotMix) {
    const Key& one = make_key();
    const Key& two = make_key();
    Site& a = make_site();
    a.start({}, {"--key", one.file, "--allow=" + two.text(), "--cluster", "red"});
    Site& b = make_site();
    b.start({}, {"--key", two.file, "--allow=" + one.text(), "--cluster", "blue",
                 "--peer=" + a.address()});
    for (Site* const site : {&a, &b})
        EXPECT_NE(site->daemon().wait_for_output("belongs to cluster"), "");
    a.add("members", 1);
    EXPECT_EQ(b.size("members"), 0U);
}

TEST_F(Security, AReaderChangesNothing) {
    const Key& one = make_key();
    const Key& two = make_key();
    Site& a = start_site(one, {two.text() + "=read"});
    Site& b = start_site(two, {one.text()}, {a.address()});
    b.assign("register", "from the reader");
    a.assign("register", "from the writer");
    EXPECT_TRUE(eventually(seconds(15), [&] { return b.siblings("register") == 2; }));
    EXPECT_NE(a.daemon().wait_for_output("event=peer.denied"), "");
    EXPECT_EQ(a.get("register"), "from the writer");
    EXPECT_EQ(a.siblings("register"), 1U);
}

TEST_F(Security, AKeyIsChangedByListingTwo) {
    const Key& one = make_key();
    const Key& old_key = make_key();
    const Key& new_key = make_key();
    Site& a = start_site(one, {old_key.text() + "," + new_key.text()});
    Site& b = start_site(old_key, {one.text()}, {a.address()});
    b.add("members", 1);
    expect_converged();
    b.daemon().kill();
    restart(b, new_key, {one.text()}, {a.address()});
    b.add("members", 2);
    expect_converged();
    EXPECT_EQ(a.size("members"), 2U);
    EXPECT_EQ(times(a, "event=peer.refused"), 0U);
}

TEST_F(Security, TheListCanChangeWhileANodeRuns) {
    const Key& one = make_key();
    const Key& two = make_key();
    Site& a = make_site();
    NodeOptions options;
    options.listen = "127.0.0.1:*";
    options.key_file = one.file;
    const auto node = Node::start(a.store(), options).value();
    Site& b = start_site(two, {one.text()}, {node->address().substr(6)});
    b.add("members", 1);
    EXPECT_NE(b.daemon().wait_for_output("the key of this node is not listed there"), "");
    EXPECT_EQ(a.size("members"), 0U);

    node->set_allowed({two.text()}).value();
    EXPECT_TRUE(eventually(seconds(30), [&] { return a.size("members") == 1; }));

    EXPECT_FALSE(node->set_allowed({"nonsense"}));
    node->set_allowed({}).value();
    EXPECT_TRUE(eventually(seconds(10), [&] {
        const auto peers = a.store().peers("default").value();
        return !peers.empty() && !peers[0].connected;
    }));
    b.add("members", 2);
    sleep_for_ms(500);
    EXPECT_EQ(a.size("members"), 1U);

    node->set_allowed({two.text() + "=read"}).value();
    a.add("members", 3);
    EXPECT_TRUE(eventually(seconds(30), [&] { return b.contains("members", 3); }));
    EXPECT_FALSE(a.contains("members", 2));
    node->set_allowed({two.text()}).value();
    EXPECT_TRUE(eventually(seconds(30), [&] { return a.contains("members", 2); }));
}

}  // namespace
}  // namespace kigumi
