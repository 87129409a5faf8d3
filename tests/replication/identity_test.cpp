#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kigumi/replication/lmdb_env.hpp"
#include "kigumi/replication/store.hpp"
#include "schema.hpp"
#include "support/temp_directory.hpp"

/// By what a store tells whether its file is the one that its identity belongs to, or a copy.
namespace kigumi {
namespace {

using kv::Table;

class IdentityPlace : public testing::Test {
  protected:
    void SetUp() override { original_ = replica_of(at_); }

    static ReplicaId replica_of(const std::filesystem::path& directory) {
        const auto store = Store::open(directory).value();
        auto tx = store->write().value();
        tx.counter("n").add(1).value();
        tx.commit().value();
        return store->replica().value();
    }
    static std::optional<IdentityChange> renewed(const std::filesystem::path& directory) {
        return Store::open(directory).value()->renewed();
    }
    /// Changes what the store has noted of its place.
    template <class Edit>
    void edit_place(Edit edit) {
        const auto env = kv::open_lmdb(at_).value();
        auto txn = env->begin_write().value();
        auto place = schema::place(*txn).value().value();
        edit(place);
        schema::put_place(*txn, place).value();
        txn->commit().value();
    }
    schema::Place noted() {
        const auto env = kv::open_lmdb(at_).value();
        const auto txn = env->begin_read().value();
        return schema::place(*txn).value().value();
    }
    /// What a store of an earlier version looks like.
    void forget_home() {
        const auto env = kv::open_lmdb(at_).value();
        auto txn = env->begin_write().value();
        txn->erase(Table::kMeta, "home").value();
        txn->commit().value();
        std::filesystem::remove(at_ / "store-nonce");
    }

    TempDirectory directory_;
    std::filesystem::path at_ = directory_.path() / "node";
    ReplicaId original_;
};

TEST_F(IdentityPlace, AnotherNumberOfTheDeviceAloneIsNoCopy) {
    edit_place([](schema::Place& place) { place.device += 1; });
    EXPECT_FALSE(renewed(at_));
    EXPECT_EQ(replica_of(at_), original_);
    forget_home();
    edit_place([](schema::Place& place) { place.device += 1; });
    EXPECT_FALSE(renewed(at_)) << "nor of a store that an earlier version wrote";
}

TEST_F(IdentityPlace, AnotherInodeIsACopy) {
    edit_place([](schema::Place& place) { place.inode += 1; });
    ASSERT_TRUE(renewed(at_));
    EXPECT_NE(replica_of(at_), original_);
    EXPECT_FALSE(renewed(at_)) << "once is enough";
}

TEST_F(IdentityPlace, ACopyThatGotTheSameInodeIsToldByItsBirth) {
    if (noted().birth_ns == 0) GTEST_SKIP() << "this file system does not tell when a file began";
    edit_place([](schema::Place& place) { place.birth_ns -= 1'000; });
    ASSERT_TRUE(renewed(at_));
    EXPECT_NE(replica_of(at_), original_);
}

TEST_F(IdentityPlace, WhereNoBirthIsKnownTheNonceDecides) {
    edit_place([](schema::Place& place) { place.birth_ns = 0; });
    EXPECT_FALSE(renewed(at_));
    // Only data.mdb was copied, over a file that had the inode before.
    edit_place([](schema::Place& place) { place.birth_ns = 0; });
    std::filesystem::remove(at_ / "store-nonce");
    EXPECT_TRUE(renewed(at_));
}

TEST_F(IdentityPlace, ANonceThatWasRemovedComesBack) {
    const schema::Place before = noted();
    ASSERT_EQ(before.nonce.size(), schema::Place::kNonceBytes);
    if (before.birth_ns == 0) GTEST_SKIP() << "this file system does not tell when a file began";
    std::filesystem::remove(at_ / "store-nonce");
    EXPECT_FALSE(renewed(at_));
    EXPECT_EQ(noted(), before);
    EXPECT_TRUE(std::filesystem::exists(at_ / "store-nonce"));
}

TEST_F(IdentityPlace, StoresOfEarlierVersionsKeepTheirsAndNoteTheRest) {
    forget_home();
    ASSERT_EQ(noted().nonce, "");
    EXPECT_FALSE(renewed(at_));
    EXPECT_EQ(replica_of(at_), original_);
    EXPECT_EQ(noted().nonce.size(), schema::Place::kNonceBytes);
    EXPECT_EQ(noted(), schema::place_of(at_));
}

TEST_F(IdentityPlace, ACopyOfTheWholeDirectoryIsNoticed) {
    const auto copy = directory_.path() / "copy";
    ASSERT_EQ(std::system(("cp -a " + at_.string() + " " + copy.string()).c_str()), 0);
    const auto change = renewed(copy);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->old, original_);
    EXPECT_NE(replica_of(copy), original_);
    EXPECT_EQ(replica_of(at_), original_);
    EXPECT_FALSE(renewed(copy)) << "once is enough";
}

TEST_F(IdentityPlace, ACopyInPlaceOfTheFileIsNoticed) {
    const auto kept = directory_.path() / "kept.mdb";
    std::filesystem::copy_file(at_ / "data.mdb", kept);
    // The freed inode is likely to be taken by the copy.
    std::filesystem::remove(at_ / "data.mdb");
    std::filesystem::copy_file(kept, at_ / "data.mdb");
    EXPECT_TRUE(renewed(at_));
}

}  // namespace
}  // namespace kigumi
