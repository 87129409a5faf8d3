#include "claims.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

PublicKey key(char c) { return PublicKey::parse(std::string(PublicKey::kText, c)).value(); }
std::string text(char c) { return key(c).text(); }
ReplicaId replica(std::uint8_t number) { return ReplicaId(ReplicaId::Bytes{number}); }

class ClaimsTest : public testing::Test {
  protected:
    ClaimsTest() {
        allow({text('A'), text('B')});
        claims_.load(file()).value();
    }
    std::filesystem::path file() const { return scratch_.path() / "claims"; }
    void allow(const std::vector<std::string>& entries) { allowed_.replace(entries).value(); }

    TempDirectory scratch_;
    AllowList allowed_;
    Claims claims_{allowed_};
};

TEST_F(ClaimsTest, TheFirstKeyHasAReplicaForGood) {
    claims_.claim(key('A'), replica(1)).value();
    claims_.claim(key('A'), replica(1)).value();
    EXPECT_TRUE(claims_.owns(key('A'), replica(1)));
    const auto stolen = claims_.claim(key('B'), replica(1));
    ASSERT_FALSE(stolen);
    EXPECT_NE(stolen.error().message.find("belongs to key " + text('A')), std::string::npos);
    EXPECT_FALSE(claims_.owns(key('B'), replica(1)));
    // Also after a restart.
    Claims again(allowed_);
    again.load(file()).value();
    EXPECT_TRUE(again.owns(key('A'), replica(1)));
    EXPECT_FALSE(again.claim(key('B'), replica(1)));
}

TEST_F(ClaimsTest, AKeyMayHaveSeveralReplicas) {
    claims_.claim(key('A'), replica(1)).value();
    claims_.claim(key('A'), replica(2)).value();
    EXPECT_TRUE(claims_.owns(key('A'), replica(1))) << "its events from before it was renewed";
    EXPECT_TRUE(claims_.owns(key('A'), replica(2)));
}

TEST_F(ClaimsTest, AKeyIsChangedByListingBoth) {
    claims_.claim(key('A'), replica(1)).value();
    allow({text('A') + "," + text('C'), text('B')});
    claims_.claim(key('C'), replica(1)).value();
    allow({text('C'), text('B')});
    claims_.claim(key('C'), replica(1)).value();
    EXPECT_TRUE(claims_.owns(key('C'), replica(1)));
    EXPECT_FALSE(claims_.claim(key('B'), replica(1)));
}

TEST_F(ClaimsTest, AKeyThatIsNoLongerListedHasNoSay) {
    claims_.claim(key('A'), replica(1)).value();
    allow({text('B')});
    EXPECT_FALSE(claims_.claim(key('A'), replica(2)));
    claims_.claim(key('B'), replica(1)).value();
    allow({text('A'), text('B')});
    EXPECT_FALSE(claims_.claim(key('A'), replica(1)));
}

TEST_F(ClaimsTest, AKeyCannotHaveReplicasWithoutEnd) {
    Claims claims(allowed_);
    for (unsigned i = 0; i < 1'024; ++i)
        claims
            .claim(key('A'), ReplicaId(ReplicaId::Bytes{1, static_cast<std::uint8_t>(i >> 8),
                                                        static_cast<std::uint8_t>(i)}))
            .value();
    EXPECT_FALSE(claims.claim(key('A'), replica(9)));
    EXPECT_TRUE(claims.claim(key('B'), replica(9)));
}

TEST_F(ClaimsTest, AFileThatIsSomethingElseIsRefused) {
    claims_.claim(key('A'), replica(1)).value();
    for (const std::string& content :
         {std::string("hello"), std::string("kigumi-claims 2\n"),
          "kigumi-claims 1\n" + replica(1).hex() + " x\n", std::string("kigumi-claims 1\nx\n")}) {
        std::ofstream(file()) << content;
        Claims again(allowed_);
        EXPECT_FALSE(again.load(file())) << content;
    }
}

TEST_F(ClaimsTest, TellWhoReadsABucket) {
    allow({text('A') + "=orders:read", text('B')});
    claims_.claim(key('A'), replica(1)).value();
    claims_.claim(key('B'), replica(2)).value();
    EXPECT_TRUE(claims_.reads(replica(1), "orders"));
    EXPECT_FALSE(claims_.reads(replica(1), "wages"));
    EXPECT_TRUE(claims_.reads(replica(2), "wages"));
    EXPECT_TRUE(claims_.reads(replica(3), "wages")) << "nobody knows its key";
}

}  // namespace
}  // namespace kigumi
