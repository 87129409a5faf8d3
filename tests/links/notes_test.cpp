#include <gtest/gtest.h>

#include "protocol/messages.hpp"
#include "replicator_network.hpp"

/// What the replicator wants logged names the link whose peer has caused it: by that, what one peer
/// can make a node log is limited.
namespace kigumi {
namespace {

class Notes : public testing::Test {
  protected:
    Notes() {
        for (int i = 0; i < 3; ++i) network_.add();
        network_.connect(1, 0, 1);
        network_.connect(2, 0, 1);
        EXPECT_TRUE(network_.run_until(
            [this] { return network_.link(0, 1).up && network_.link(0, 2).up; }, 10'000));
    }
    /// The links that notes of an event name.
    std::vector<LinkId> links_of(const std::string& event) const {
        std::vector<LinkId> links;
        for (const Effects::Note& note : network_.notes(0))
            if (note.event == event) links.push_back(note.link);
        return links;
    }

    ReplicatorNetwork network_;
};

TEST_F(Notes, NameTheLinkThatCameOrWent) {
    const LinkId first = network_.link(0, 1).link;
    const LinkId second = network_.link(0, 2).link;
    EXPECT_NE(first, second);
    EXPECT_EQ(links_of("peer.up"), (std::vector<LinkId>{first, second}));
    network_.inject(2, 0, wire::encode(wire::Bye{}));
    network_.run_for(10);
    EXPECT_EQ(links_of("peer.down"), std::vector<LinkId>{second});
}

TEST_F(Notes, NameTheLinkThatIsRefused) {
    const LinkId first = network_.link(0, 1).link;
    network_.inject(1, 0, "no message of this protocol");
    network_.run_for(10);
    EXPECT_EQ(links_of("peer.refused"), std::vector<LinkId>{first});
}

}  // namespace
}  // namespace kigumi
