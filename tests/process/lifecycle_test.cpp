#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// A port of loopback where somebody listens, or did until this object went away.
class ListeningPort {
  public:
    ListeningPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof name;
        EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&name), size), 0);
        EXPECT_EQ(listen(fd_, 1), 0);
        getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
        address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
    }
    ~ListeningPort() { close(fd_); }
    ListeningPort(const ListeningPort&) = delete;
    ListeningPort& operator=(const ListeningPort&) = delete;
    const std::string& address() const { return address_; }

  private:
    int fd_;
    std::string address_;
};

class Lifecycle : public ProcessTest {
  protected:
    /// The command ends at once with status 2 and one line of complaint that holds `part`.
    void expect_refused(const std::vector<std::string>& command, const std::string& part) {
        Process process(command, scratch_.path() / ("refused" + std::to_string(refused_++)));
        EXPECT_EQ(process.wait_for(seconds(5)), 2);
        const std::string output = process.output();
        EXPECT_NE(output.find(part), std::string::npos) << output;
        EXPECT_TRUE(output.starts_with("kigumid: ")) << output;
        EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
    }
    void expect_clean_stop(Site& site, int signal, seconds limit = seconds(5)) {
        site.daemon().signal(signal);
        EXPECT_EQ(site.daemon().wait_for(limit), 0) << site.daemon().output();
        EXPECT_NE(site.daemon().output().find("event=node.stopped"), std::string::npos);
    }

    int refused_ = 0;
};

TEST_F(Lifecycle, StopsAtOnceAndStartsAgain) {
    make_mesh();
    sites_[0].add("members", 1);
    expect_converged();
    for (const int signal : {SIGTERM, SIGINT}) {
        expect_clean_stop(sites_[2], signal);
        sites_[0].add("members", signal);
        sites_[2].add("members", -signal);
        sites_[2].start({sites_[0].address(), sites_[1].address()});
        expect_converged();
    }
    EXPECT_EQ(sites_[1].size("members"), 5U);
    for (Site& site : sites_) expect_clean_stop(site, SIGTERM);
}

TEST_F(Lifecycle, StopsAtOnceWithPeersThatDoNotAnswer) {
    std::string nobody;
    {
        const ListeningPort closed;
        nobody = closed.address();
    }
    const ListeningPort silent;
    Site& site = make_site();
    site.add("members", 1);
    site.start({nobody, silent.address()});
    sleep_for_ms(500);
    expect_clean_stop(site, SIGTERM);
}

TEST_F(Lifecycle, StopsInTimeWithAPeerThatIsStopped) {
    make_mesh();
    sites_[0].add("members", 1);
    expect_converged();
    sites_[1].daemon().signal(SIGSTOP);
    sites_[0].add("members", 2);
    // They wait for it for drain_ms, three seconds, and not longer.
    expect_clean_stop(sites_[0], SIGTERM, seconds(10));
    expect_clean_stop(sites_[2], SIGTERM, seconds(10));
}

TEST_F(Lifecycle, IsTheOnlyDaemonOfItsDirectory) {
    Site& site = make_site();
    site.start();
    expect_refused(kigumid_command(site.directory(), "127.0.0.1:*"), "another node runs on");
    EXPECT_TRUE(site.daemon().running());
    site.daemon().kill();
    site.start();
}

TEST_F(Lifecycle, RefusesAddressesThatAreNotLoopback) {
    const auto data = scratch_.path() / "data";
    expect_refused(kigumid_command(data, "0.0.0.0:*"), "not a loopback address");
    expect_refused(kigumid_command(data, "192.0.2.1:7001"), "not a loopback address");
    expect_refused(kigumid_command(data, "127.0.0.1:*", {"192.0.2.1:7001"}),
                   "\"192.0.2.1:7001\" is not a loopback address");
    expect_refused(kigumid_command(data, "[::]:7001"), "not a loopback address");
}

TEST_F(Lifecycle, RefusesPlainTextThatNobodyAskedFor) {
    const auto data = (scratch_.path() / "data").string();
    expect_refused({KIGUMID, "--data", data, "--listen", "127.0.0.1:*"}, "--insecure");
}

TEST_F(Lifecycle, RefusesWhatIsNoAddress) {
    const auto data = scratch_.path() / "data";
    for (const std::string address :
         {"", "7001", ":7001", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
          "udp://127.0.0.1:7001", "tcp://", "127.0.0.1:-1"})
        expect_refused(kigumid_command(data, address), "");
    expect_refused(kigumid_command(data, "127.0.0.1:*", {"nonsense"}),
                   "\"nonsense\" is no address");
}

TEST_F(Lifecycle, NamesAPortThatIsTaken) {
    const ListeningPort taken;
    expect_refused(kigumid_command(scratch_.path() / "data", taken.address()),
                   "cannot listen on tcp://" + taken.address());
}

TEST_F(Lifecycle, RefusesADirectoryThatItCannotUse) {
    expect_refused(kigumid_command("/proc/no-such-place", "127.0.0.1:*"), "/proc/no-such-place");
    expect_refused({KIGUMID, "--listen", "127.0.0.1:*", "--insecure"}, "--data");
    expect_refused({KIGUMID, "--no-such-option"}, "kigumid --help");
    auto command = kigumid_command(scratch_.path() / "data", "127.0.0.1:*");
    command.insert(command.end(), {"--push-ms", "soon"});
    expect_refused(command, "--push-ms");
}

}  // namespace
}  // namespace kigumi
