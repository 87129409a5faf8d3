#include "origin_table.hpp"
#include "process/site.hpp"
#include "row_record.hpp"
#include "schema.hpp"

namespace kigumi {
namespace {

using kv::Table;
using std::chrono::seconds;

/// Two daemons whose rows differ though their versions are equal.
class Audit : public ProcessTest {
  protected:
    /// Both have the same; then neither runs.
    void SetUp() override {
        make_site().start();
        make_site().start({sites_[0].address()});
        for (int i = 0; i < 100; ++i) sites_[i % 2].add("members", i);
        sites_[1].assign("register", "kept");
        sites_[1].increment("count", 7);
        expect_converged();
        for (Site& site : sites_) site.daemon().kill();
    }
    void start_with_audits() {
        const std::vector<std::string> often = {"--audit-ms", "300", "--log-level", "debug"};
        sites_[0].start({}, often);
        sites_[1].start({sites_[0].address()}, often);
    }
    bool equal() {
        for (Site& site : sites_)
            if (!site.store().read()->check_log()) return false;
        return sites_[0].rows() == sites_[1].rows();
    }
    std::string logs() { return sites_[0].daemon().output() + sites_[1].daemon().output(); }
    static schema::BucketId bucket(kv::ReadTxn& txn) {
        return schema::find_bucket(txn, kDefaultBucket).value().value();
    }
    static std::string row_key(kv::ReadTxn& txn, const RowKey& at) {
        return schema::bucket_prefix(bucket(txn)) + store_key(at).bytes;
    }
    /// Takes a row away, and all that tells of it.
    static void lose(Site& site, const RowKey& at) {
        const Row row = site.store().read()->get(at).value();
        site.edit([&](kv::WriteTxn& txn) {
            OriginTable origins;
            origins.catch_up(txn).value();
            for (const Write& write : row)
                txn.erase(Table::kLog,
                          schema::log_key(bucket(txn), origins.find(write.dot.origin).value(),
                                          write.dot.counter))
                    .value();
            txn.erase(Table::kRows, row_key(txn, at)).value();
        });
    }
    static void damage(Site& site, const RowKey& at) {
        site.edit([&](kv::WriteTxn& txn) {
            std::string record(txn.get(Table::kRows, row_key(txn, at)).value().value());
            record.back() = static_cast<char>(record.back() ^ 0x20);
            txn.put(Table::kRows, row_key(txn, at), record).value();
        });
    }

    const RowKey register_{"register", Type::kRegister, {}};
    const RowKey count_{"count", Type::kCounter, {}};
};

TEST_F(Audit, FindsAndMendsRowsThatEitherSideLacks) {
    const auto before = sites_[0].rows();
    lose(sites_[0], register_);
    lose(sites_[1], count_);
    EXPECT_EQ(sites_[0].get("register"), "");
    EXPECT_EQ(sites_[1].count("count"), 0);
    start_with_audits();
    EXPECT_TRUE(eventually(seconds(15), [this] { return equal(); })) << logs();
    EXPECT_EQ(sites_[0].rows(), before);
    EXPECT_NE(logs().find("event=audit.difference bucket=default key=\"register\""),
              std::string::npos)
        << logs();
    EXPECT_NE(logs().find("event=audit.difference bucket=default key=\"count\""),
              std::string::npos);
    EXPECT_TRUE(eventually(seconds(15), [this] {
        for (Site& site : sites_) {
            const auto peers = site.store().peers(kDefaultBucket).value();
            if (peers.size() != 1 || peers[0].differences == 0 || peers[0].audited_ms == 0)
                return false;
        }
        return true;
    })) << "what audits found is kept for `kigumi status`";
    // Both work on as before.
    sites_[0].increment("count", 1);
    expect_converged();
    EXPECT_EQ(sites_[1].count("count"), 8);
}

TEST_F(Audit, RepairsADamagedRecordFromThePeer) {
    const auto before = sites_[0].rows();
    damage(sites_[0], register_);
    damage(sites_[1], count_);
    EXPECT_FALSE(sites_[0].store().read()->get(register_));
    EXPECT_FALSE(sites_[1].store().read()->get(count_));
    start_with_audits();
    EXPECT_TRUE(eventually(seconds(15), [this] { return equal(); })) << logs();
    EXPECT_EQ(sites_[0].rows(), before);
    EXPECT_NE(logs().find("event=audit.damaged bucket=default key=\"register\""), std::string::npos)
        << logs();
    EXPECT_NE(logs().find("event=audit.damaged bucket=default key=\"count\""), std::string::npos);
}

}  // namespace
}  // namespace kigumi
