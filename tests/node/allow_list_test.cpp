#include "allow_list.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

PublicKey key(char c) { return PublicKey::parse(std::string(PublicKey::kText, c)).value(); }
std::string text(char c) { return key(c).text(); }

constexpr Rights kAll{};
constexpr Rights kRead{true, false, false};
constexpr Rights kReadWrite{true, true, false};

TEST(AllowedPeer, MayDoEverythingUnlessSaidOtherwise) {
    const AllowedPeer peer = parse_allowed(text('A')).value();
    EXPECT_EQ(peer.keys, std::vector{key('A')});
    EXPECT_EQ(peer.in("default"), kAll);
    EXPECT_EQ(parse_allowed(text('A') + "=all").value(), peer);
}

TEST(AllowedPeer, HasRightsByBucket) {
    const AllowedPeer peer =
        parse_allowed(text('A') + "=orders:read+write,logs:all,a:b:none,read").value();
    EXPECT_EQ(peer.in("orders"), kReadWrite);
    EXPECT_EQ(peer.in("logs"), kAll);
    EXPECT_EQ(peer.in("a:b"), Rights::none());
    EXPECT_EQ(peer.in("anything"), kRead);
    const AllowedPeer narrow = parse_allowed(text('A') + "=orders:read").value();
    EXPECT_EQ(narrow.in("orders"), kRead);
    EXPECT_EQ(narrow.in("default"), Rights::none()) << "what is not named is not allowed";
}

TEST(AllowedPeer, MayGossipIfItMayDoAnythingOrIsSaidTo) {
    for (const std::string rights :
         {"", "=all", "=read+write+relay", "=write+relay", "=gossip", "=read+gossip",
          "=orders:read+write,gossip", "=orders:read,read+gossip", "=logs:none,all",
          "=orders:all,write+relay"})
        EXPECT_TRUE(parse_allowed(text('A') + rights).value().gossip) << rights;
    for (const std::string rights : {"=read", "=write", "=read+write", "=none", "=orders:all",
                                     "=orders:all,read", "=logs:read,read+write+relay"})
        EXPECT_FALSE(parse_allowed(text('A') + rights).value().gossip) << rights;
    const AllowedPeer sensor = parse_allowed(text('A') + "=orders:write,gossip").value();
    EXPECT_EQ(sensor.in("orders"), (Rights{false, true, false}));
    EXPECT_EQ(sensor.in("default"), Rights::none()) << "gossip is no right to a bucket";
}

TEST(AllowedPeer, MayHaveSeveralKeys) {
    const AllowedPeer peer = parse_allowed(text('A') + "," + text('B') + "=read").value();
    EXPECT_EQ(peer.keys, (std::vector{key('A'), key('B')}));
    EXPECT_EQ(peer.in("x"), kRead);
}

TEST(AllowedPeer, KeysAreToldFromRightsByTheirLength) {
    // Z85 has '=', ':' and '@'.
    for (const char c : {'=', ':', '@', '+', '-'}) {
        const AllowedPeer peer = parse_allowed(text(c) + "=orders:read").value();
        EXPECT_EQ(peer.keys, std::vector{key(c)});
        EXPECT_EQ(peer.in("orders"), kRead);
    }
}

TEST(AllowedPeer, RefusesWhatIsNotClear) {
    for (const std::string rights :
         {"=", "=reed", "=read+", "=+read", "=relay", "=read+relay", "=a:read,a:write", "=read,all",
          "=a:", "=read,", ",", ",abc", " =read", "x", "=all+read", "=a:gossip",
          "=a:read+gossip,read", "=all+gossip"})
        EXPECT_FALSE(parse_allowed(text('A') + rights)) << rights;
    EXPECT_FALSE(parse_allowed(""));
    EXPECT_FALSE(parse_allowed("localhost:7001"));
}

TEST(AllowList, TellsWhomAChangeAffects) {
    AllowList list;
    EXPECT_TRUE(list.replace({text('A'), text('B') + "," + text('C'), text('D')}).value().empty());
    EXPECT_TRUE(list.allows(key('C')));
    EXPECT_FALSE(list.allows(key('E')));
    EXPECT_EQ(list.rights(key('E'), "default"), Rights::none());
    EXPECT_TRUE(list.same_peer(key('B'), key('C')));
    EXPECT_FALSE(list.same_peer(key('A'), key('B')));
    EXPECT_FALSE(list.same_peer(key('E'), key('E'))) << "it is not listed";
    EXPECT_TRUE(list.may_gossip(key('C')));
    EXPECT_FALSE(list.may_gossip(key('E'))) << "it is not listed";
    EXPECT_EQ(list.first_key(key('C')), key('B'));
    EXPECT_EQ(list.first_key(key('E')), std::nullopt);
    const auto affected =
        list.replace({text('D'), text('A') + "=read", text('E'), text('C') + "," + text('B')})
            .value();
    EXPECT_EQ(affected, (std::set{key('A'), key('B'), key('C')}));
    EXPECT_EQ(list.replace({text('D')}).value(),
              (std::set{key('A'), key('B'), key('C'), key('E')}));
    EXPECT_FALSE(list.allows(key('A')));
}

TEST(AllowList, StaysAsItWasAfterAnError) {
    AllowList list;
    list.replace({text('A')}).value();
    EXPECT_FALSE(list.replace({text('B'), text('C') + "=nonsense"}));
    EXPECT_FALSE(list.replace({text('B'), text('B')})) << "which rights would it have?";
    EXPECT_EQ(list.keys(), std::vector{key('A')});
}

}  // namespace
}  // namespace kigumi
