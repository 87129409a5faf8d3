#include "crdt/workloads.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"
#include "support/temp_directory.hpp"

/// The typed views are written once; here they run on every row space there is.
namespace kigumi {
namespace {

class MemoryHome {
  public:
    template <class Action>
    void write(Action action) {
        action(rows_);
    }
    template <class Action>
    auto read(Action action) {
        return action(rows_);
    }

  private:
    MemoryRows rows_{replica(1), [] { return std::uint64_t{1'000'000}; }};
};

class StoreHome {
  public:
    template <class Action>
    void write(Action action) {
        auto txn = store_->write(bucket_).value();
        action(txn);
        txn.commit().value();
    }
    template <class Action>
    auto read(Action action) {
        auto txn = store_->read(bucket_).value();
        txn.check_log().value();
        return action(txn);
    }
    void use_bucket(std::string bucket) { bucket_ = std::move(bucket); }

  protected:
    explicit StoreHome(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  private:
    std::unique_ptr<Store> store_;
    std::string bucket_ = "bucket";
};

class MemoryEnvHome : public StoreHome {
  public:
    MemoryEnvHome() : StoreHome(Store::over(std::make_shared<kv::MemoryEnv>()).value()) {}
};

struct OwnDirectory {
    TempDirectory directory;
};

class LmdbHome : private OwnDirectory, public StoreHome {
  public:
    LmdbHome() : StoreHome(Store::open(directory.path()).value()) {}
};

template <class Home>
class Homes : public testing::Test {
  protected:
    Home home;
};
using AllHomes = testing::Types<MemoryHome, MemoryEnvHome, LmdbHome>;
TYPED_TEST_SUITE(Homes, AllHomes);

TYPED_TEST(Homes, KeepAllTypes) {
    this->home.write([](auto& space) {
        space.reg("k").assign("v").value();
        space.flag("k").enable().value();
        static_cast<void>(space.set("k").add("x").value());
        space.counter("k").add(-3).value();
        space.map("k").counter("n").add(2).value();
    });
    this->home.read([](auto& space) {
        EXPECT_EQ(space.reg("k").get().value(), Value("v"));
        EXPECT_TRUE(space.flag("k").enabled().value());
        EXPECT_TRUE(space.set("k").contains("x").value());
        EXPECT_EQ(space.counter("k").value().value(), -3);
        EXPECT_EQ(space.map("k").counter("n").value().value(), 2);
    });
}

TYPED_TEST(Homes, ReadTheirOwnWrites) {
    this->home.write([](auto& space) {
        for (int i = 0; i < 3; ++i) space.counter("n").add(1).value();
        EXPECT_EQ(space.counter("n").value().value(), 3);
        EXPECT_TRUE(space.set("s").add("x").value());
        EXPECT_FALSE(space.set("s").add("x").value());
        EXPECT_TRUE(space.set("s").erase("x").value());
        EXPECT_EQ(space.set("s").size().value(), 0U);
        EXPECT_FALSE(space.erase("s", Type::kSet).value());
        EXPECT_TRUE(space.erase("n", Type::kCounter).value());
    });
    this->home.read([](auto& space) { EXPECT_EQ(space.counter("n").value().value(), 0); });
}

TYPED_TEST(Homes, ScanObjectsOneByOneInOrder) {
    this->home.write([](auto& space) {
        for (const char* key : {"b", "a", "ab"}) {
            for (const int member : {2, 1, -1})
                static_cast<void>(space.set(key).add(member).value());
            space.reg(key).assign(1).value();
        }
    });
    this->home.read([](auto& space) {
        std::vector<std::string> order;
        space
            .scan({},
                  [&order](const RowKey& at, const Row&) {
                      order.push_back(at.key + std::string(name_of(at.type)) + path_json(at));
                      return true;
                  })
            .value();
        EXPECT_EQ(order,
                  (std::vector<std::string>{"aregister[]", "aset[-1]", "aset[1]", "aset[2]",
                                            "abregister[]", "abset[-1]", "abset[1]", "abset[2]",
                                            "bregister[]", "bset[-1]", "bset[1]", "bset[2]"}));
    });
}

TYPED_TEST(Homes, ScanFromAKeyAndStopWhenTold) {
    this->home.write([](auto& space) {
        for (int member = 0; member < 10; ++member)
            static_cast<void>(space.set("s").add(member).value());
    });
    this->home.read([](auto& space) {
        RowKey from{"s", Type::kSet, {}};
        path::append(from.path, Value(4));
        std::vector<std::string> seen;
        space
            .scan(from,
                  [&seen](const RowKey& at, const Row&) {
                      seen.push_back(path_json(at));
                      return seen.size() < 3;
                  })
            .value();
        EXPECT_EQ(seen, (std::vector<std::string>{"[4]", "[5]", "[6]"}));
    });
}

RC_GTEST_PROP(HomesLaws, AllReadTheSameAfterAnyWrites, ()) {
    using workloads::Everything;
    // A bucket for each case is as good as a new store, and much faster on disk.
    static LmdbHome lmdb;
    static int cases = 0;
    lmdb.use_bucket("case " + std::to_string(++cases));
    MemoryHome memory;
    MemoryEnvHome in_memory;
    const auto some_ops =
        rc::gen::container<std::vector<workloads::Op>>(workloads::Everything::operations());
    for (const auto& ops :
         *rc::gen::container<std::vector<std::vector<workloads::Op>>>(5, some_ops)) {
        const auto apply_all = [&ops](auto& space) {
            for (const auto& op : ops) Everything::apply(space, op);
            return Everything::read(space);
        };
        std::vector<std::string> within;
        const auto apply_and_note = [&](auto& space) { within.push_back(apply_all(space)); };
        memory.write(apply_and_note);
        in_memory.write(apply_and_note);
        lmdb.write(apply_and_note);
        const auto read_all = [](auto& space) { return Everything::read(space); };
        const std::string expected = memory.read(read_all);
        RC_ASSERT(in_memory.read(read_all) == expected);
        RC_ASSERT(lmdb.read(read_all) == expected);
        for (const std::string& text : within) RC_ASSERT(text == expected);
    }
}

}  // namespace
}  // namespace kigumi
