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
    static ReplicaId numbered(unsigned number) {
        return ReplicaId(ReplicaId::Bytes{1, static_cast<std::uint8_t>(number >> 8),
                                          static_cast<std::uint8_t>(number)});
    }
    void allow(const std::vector<std::string>& entries) { allowed_.replace(entries).value(); }

    TempDirectory scratch_;
    AllowList allowed_;
    std::uint64_t now_ms_ = 1'000;
    Claims claims_{allowed_, [this] { return now_ms_; }};
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
    Claims claims(allowed_, [this] { return now_ms_; });
    for (unsigned i = 0; i < 1'024; ++i, now_ms_ += 60'000)
        claims.claim(key('A'), numbered(i)).value();
    const auto more = claims.claim(key('A'), replica(9));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::kFull);
    EXPECT_TRUE(claims.claim(key('B'), replica(9)));
}

TEST_F(ClaimsTest, AKeyCannotHaveTheFileRewrittenOverAndOver) {
    allow({text('A') + "," + text('C'), text('B')});
    unsigned accepted = 0;
    // Also as the holder of two keys.
    for (unsigned i = 0; i < 1'000; ++i)
        accepted += claims_.claim(key(i % 2 == 0 ? 'A' : 'C'), numbered(i)) ? 1 : 0;
    EXPECT_EQ(accepted, 16U);
    const auto hasty = claims_.claim(key('A'), replica(9));
    ASSERT_FALSE(hasty);
    EXPECT_EQ(hasty.error().code, ErrorCode::kBusy);
    EXPECT_TRUE(claims_.claim(key('A'), numbered(0))) << "what it has it may say again";
    EXPECT_TRUE(claims_.claim(key('B'), replica(8))) << "others do not wait for it";
    now_ms_ += 60'000;
    EXPECT_TRUE(claims_.claim(key('A'), replica(9)));
    EXPECT_FALSE(claims_.claim(key('A'), replica(10)));
}

TEST_F(ClaimsTest, WhatCannotBeSavedIsNotBelievedAndIsTriedAgain) {
    // What is written first, before it replaces the file, cannot be opened.
    std::filesystem::create_directory(file().string() + ".new");
    const auto lost = claims_.claim(key('A'), replica(1));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::kIo);
    EXPECT_NE(lost.error().message.find("cannot be saved"), std::string::npos);
    EXPECT_FALSE(claims_.owns(key('A'), replica(1)));
    EXPECT_TRUE(claims_.may_own(key('B'), replica(1)));
    std::filesystem::remove(file().string() + ".new");
    EXPECT_FALSE(claims_.claim(key('A'), replica(1))) << "not tried again for each greeting";
    now_ms_ += 1'000;
    claims_.claim(key('A'), replica(1)).value();
    Claims again(allowed_);
    again.load(file()).value();
    EXPECT_TRUE(again.owns(key('A'), replica(1)));
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

TEST_F(ClaimsTest, TellWhichPeerAReplicaBelongsTo) {
    allow({text('A') + "," + text('C'), text('B')});
    claims_.claim(key('C'), replica(1)).value();
    claims_.claim(key('A'), replica(2)).value();
    claims_.claim(key('B'), replica(3)).value();
    EXPECT_EQ(claims_.peer_of(replica(1)), text('A'));
    EXPECT_EQ(claims_.peer_of(replica(2)), text('A'));
    EXPECT_EQ(claims_.peer_of(replica(3)), text('B'));
    EXPECT_EQ(claims_.peer_of(replica(4)), "");
    allow({text('A')});
    EXPECT_EQ(claims_.peer_of(replica(1)), "") << "no key that it has shown is listed";
}

}  // namespace
}  // namespace kigumi
