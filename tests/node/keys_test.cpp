#include "kigumi/daemon/keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

namespace fs = std::filesystem;

class Keys : public testing::Test {
  protected:
    fs::path file(const std::string& name) const { return scratch_.path() / name; }
    /// A file of mode 0600 with these bytes.
    fs::path written(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << text;
        fs::permissions(file(name), fs::perms::owner_read | fs::perms::owner_write);
        return file(name);
    }
    static std::string content(const fs::path& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TempDirectory scratch_;
};

TEST_F(Keys, ComeBackFromTheirFile) {
    const KeyPair pair = KeyPair::ephemeral().value();
    pair.save(file("key")).value();
    struct stat status {};
    ASSERT_EQ(stat(file("key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    const KeyPair again = KeyPair::load(file("key")).value();
    EXPECT_EQ(again.public_key(), pair.public_key());
    EXPECT_STREQ(again.secret(), pair.secret());
    EXPECT_EQ(content(file("key")), "kigumi-key 1\npublic " + pair.public_key().text() +
                                        "\nsecret " + pair.secret() + "\n");
}

TEST_F(Keys, AreNeverOverwritten) {
    const KeyPair pair = KeyPair::ephemeral().value();
    pair.save(file("key")).value();
    const std::string before = content(file("key"));
    const auto again = KeyPair::ephemeral()->save(file("key"));
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("never overwritten"), std::string::npos);
    EXPECT_EQ(content(file("key")), before);
}

TEST_F(Keys, AreRefusedIfOthersCanReadThem) {
    KeyPair::ephemeral()->save(file("key")).value();
    for (const fs::perms open : {fs::perms::group_read, fs::perms::others_read,
                                 fs::perms::group_write, fs::perms::others_write}) {
        fs::permissions(file("key"), fs::perms::owner_read | open);
        const auto loaded = KeyPair::load(file("key"));
        ASSERT_FALSE(loaded);
        EXPECT_NE(loaded.error().message.find("chmod 600 " + file("key").string()),
                  std::string::npos);
    }
    fs::permissions(file("key"), fs::perms::owner_read);
    EXPECT_TRUE(KeyPair::load(file("key")));
}

TEST_F(Keys, AreRefusedIfTheFileIsAnythingElse) {
    KeyPair::ephemeral()->save(file("key")).value();
    const std::string sound = content(file("key"));
    std::vector<std::string> texts = {"", "hello\n", sound + "\n", std::string(100'000, 'x')};
    for (std::size_t size = 0; size < sound.size(); size += 5)
        texts.push_back(sound.substr(0, size));
    texts.push_back("kigumi-key 2" + sound.substr(12));
    for (const std::string& text : texts) {
        const auto loaded = KeyPair::load(written("other", text));
        EXPECT_FALSE(loaded) << text;
    }
    std::string mixed = sound;
    const KeyPair other = KeyPair::ephemeral().value();
    mixed.replace(20, PublicKey::kText, other.public_key().text());
    const auto loaded = KeyPair::load(written("mixed", mixed));
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("do not belong together"), std::string::npos);
    EXPECT_FALSE(KeyPair::load(scratch_.path()));
    EXPECT_FALSE(KeyPair::load(file("no-such-file")));
    EXPECT_FALSE(KeyPair::load("/dev/null"));
}

TEST_F(Keys, GeneratedOnesNeedNoQuotes) {
    const KeyPair pair = KeyPair::generate().value();
    for (const char c : pair.public_key().text())
        EXPECT_NE(
            std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+/:^")
                .find(c),
            std::string::npos);
    EXPECT_NE(pair.public_key().text()[0], '-');
}

TEST_F(Keys, TextThatIsNoKeyIsRefused) {
    const std::string sound = KeyPair::ephemeral()->public_key().text();
    EXPECT_TRUE(PublicKey::parse(sound));
    for (const std::string& text :
         {std::string(), sound.substr(1), sound + "x", std::string(40, '"'), std::string(40, '\0'),
          std::string(40, '~'), std::string(40, '\xFF')})
        EXPECT_FALSE(PublicKey::parse(text)) << text;
}

}  // namespace
}  // namespace kigumi
