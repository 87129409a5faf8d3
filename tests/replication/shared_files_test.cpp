#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "kigumi/replication/commit_signal.hpp"
#include "kigumi/replication/files.hpp"
#include "kigumi/replication/store.hpp"
#include "support/temp_directory.hpp"

/// Who may use the files of a data directory. What other accounts really can do is in
/// `tests/process/two_accounts.sh`.
namespace kigumi {
namespace {

class SharedFiles : public testing::Test {
  protected:
    ~SharedFiles() override { umask(umask_); }

    std::filesystem::path make(const std::string& name, unsigned mode) const {
        const auto path = directory_.path() / name;
        std::filesystem::create_directory(path);
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
        return path;
    }
    static unsigned mode_of(const std::filesystem::path& file) {
        struct stat info {};
        EXPECT_EQ(lstat(file.c_str(), &info), 0) << file;
        return info.st_mode & 07777U;
    }
    /// A store that was written to, with a socket as of a node.
    static void use(const std::filesystem::path& at) {
        const auto store = Store::open(at).value();
        auto tx = store->write().value();
        tx.counter("n").add(1).value();
        tx.commit().value();
        static_cast<void>(commit_signal::listen(at).value());
    }

    TempDirectory directory_;
    const mode_t umask_ = umask(022);
};

const char* const kFiles[] = {"data.mdb", "lock.mdb", "last-commit", "store-nonce", "kigumid.wake"};

TEST_F(SharedFiles, AreTheGroupsWhereTheDirectoryIsWhateverTheUmask) {
    for (const mode_t mask : {0007U, 0022U, 0077U}) {
        umask(mask);
        const auto at = make(std::to_string(mask), 02770);
        use(at);
        for (const char* const file : kFiles)
            EXPECT_EQ(mode_of(at / file) & 0660U, 0660U) << file << " under umask " << mask;
        EXPECT_EQ(mode_of(at / "data.mdb"), 0660U) << "and nobody else's";
    }
}

TEST_F(SharedFiles, AreAsPrivateAsBeforeElsewhere) {
    const auto at = make("private", 0755);
    use(at);
    for (const char* const file : {"data.mdb", "lock.mdb", "last-commit", "store-nonce"})
        EXPECT_EQ(mode_of(at / file), 0640U) << file;
    umask(0077);
    const auto closed = make("closed", 0755);
    use(closed);
    for (const char* const file : {"data.mdb", "lock.mdb", "last-commit", "store-nonce"})
        EXPECT_EQ(mode_of(closed / file), 0600U) << file;
}

TEST_F(SharedFiles, OfAnEarlierVersionAreOpenedToTheGroup) {
    const auto at = make("node", 0755);
    use(at);
    ASSERT_EQ(mode_of(at / "data.mdb"), 0640U);
    ASSERT_EQ(chmod(at.c_str(), 0770), 0);
    use(at);
    for (const char* const file : kFiles) EXPECT_EQ(mode_of(at / file) & 0660U, 0660U) << file;
}

TEST_F(SharedFiles, ALinkInTheDirectoryOpensNothingElsewhere) {
    const auto at = make("node", 0770);
    const auto secret = directory_.path() / "secret";
    std::ofstream(secret) << "key";
    ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
    std::filesystem::create_symlink(secret, at / "soft");
    std::filesystem::create_hard_link(secret, at / "hard");
    files::share(at / "soft", at);
    files::share(at / "hard", at);
    static_cast<void>(files::open_shared(at / "soft", O_RDWR).value());
    EXPECT_EQ(mode_of(secret), 0600U);
}

TEST_F(SharedFiles, ARestoredDirectoryIsTheGroupsWhereItStands) {
    const auto become = [&](const std::filesystem::path& name) {
        auto scratch = files::Scratch::beside(name).value();
        scratch.become(name).value();
        return mode_of(name);
    };
    const auto state = make("state", 0770);
    EXPECT_EQ(become(state / "node"), 0770U);
    use(state / "begun" / "below");
    EXPECT_EQ(mode_of(state / "begun"), 0770U) << "and so is one that is made";
    EXPECT_EQ(mode_of(state / "begun" / "below"), 0770U);
    EXPECT_EQ(mode_of(state / "begun" / "below" / "data.mdb"), 0660U);
    EXPECT_EQ(become(make("given", 02750)), 02750U) << "an empty directory keeps its mode";
    EXPECT_EQ(become(make("own", 0755) / "node"), 0700U);
    EXPECT_EQ(become(make("everybodys", 01777) / "node"), 0700U);
}

TEST_F(SharedFiles, MissingPermissionSaysWhoHasIt) {
    const auto at = make("node", 0750);
    const std::string hint = files::access_hint(at / "nothing" / "there");
    EXPECT_NE(hint.find(at.string() + " belongs to the account "), std::string::npos) << hint;
    EXPECT_NE(hint.find("with mode 0750"), std::string::npos) << hint;
    errno = EACCES;
    const Error error = files::failed("write", at / "data.mdb").value();
    EXPECT_NE(error.message.find("data.mdb: Permission denied; "), std::string::npos);
    errno = ENOENT;
    EXPECT_EQ(files::failed("write", at / "x").value().message.find("belongs"), std::string::npos);
}

}  // namespace
}  // namespace kigumi
