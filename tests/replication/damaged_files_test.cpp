#include <lmdb.h>

#include <fstream>

#include "kigumi/replication/store.hpp"
#include "support/child_process.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

/// Raw access to a table of a closed store.
class RawTable {
  public:
    RawTable(const std::filesystem::path& directory, const char* table) {
        mdb_env_create(&env_);
        mdb_env_set_maxdbs(env_, 16);
        mdb_env_open(env_, directory.c_str(), MDB_NOTLS, 0640);
        EXPECT_EQ(mdb_txn_begin(env_, nullptr, 0, &txn_), 0);
        EXPECT_EQ(mdb_dbi_open(txn_, table, 0, &table_), 0);
    }
    ~RawTable() {
        EXPECT_EQ(mdb_txn_commit(txn_), 0);
        mdb_env_close(env_);
    }
    RawTable(const RawTable&) = delete;
    RawTable& operator=(const RawTable&) = delete;

    std::map<std::string, std::string> all() {
        std::map<std::string, std::string> items;
        MDB_cursor* cursor = nullptr;
        EXPECT_EQ(mdb_cursor_open(txn_, table_, &cursor), 0);
        MDB_val key{};
        MDB_val value{};
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
            items.emplace(std::string(static_cast<char*>(key.mv_data), key.mv_size),
                          std::string(static_cast<char*>(value.mv_data), value.mv_size));
        mdb_cursor_close(cursor);
        return items;
    }
    void put(std::string key, std::string value) {
        MDB_val k{key.size(), key.data()};
        MDB_val v{value.size(), value.data()};
        EXPECT_EQ(mdb_put(txn_, table_, &k, &v, 0), 0);
    }

  private:
    MDB_env* env_ = nullptr;
    MDB_txn* txn_ = nullptr;
    MDB_dbi table_ = 0;
};

class DamagedFiles : public testing::Test {
  protected:
    DamagedFiles() {
        const auto store = Store::open(directory.path()).value();
        for (int i = 0; i < 50; ++i) {
            auto txn = store->write().value();
            txn.counter("n").add(1).value();
            txn.reg("r" + std::to_string(i)).assign(std::string(100 * i, 'x')).value();
            txn.commit().value();
        }
    }
    std::filesystem::path data() const { return directory.path() / "data.mdb"; }
    /// Opens and reads everything in another process, which may report an error but not crash.
    /// Returns what it read, if it did.
    std::string read_elsewhere() const {
        ChildProcess reader({STORE_PROCESS, directory.path(), "64", "read"});
        std::string last;
        for (std::string line = reader.line(); !line.empty(); line = reader.line()) last = line;
        const int status = reader.wait();
        EXPECT_GE(status, 0) << "killed by a signal";
        return status == 0 ? last : std::string();
    }

    TempDirectory directory;
};

TEST_F(DamagedFiles, EveryFlippedByteOfARowIsFoundAndOthersAreFine) {
    const RowKey damaged{"r1", Type::kRegister, {}};
    std::string key;
    std::string record;
    {
        RawTable rows(directory.path(), "rows");
        for (const auto& [k, v] : rows.all())
            if (k.find("r1") == 4 && k.size() == 8) std::tie(key, record) = std::tie(k, v);
    }
    ASSERT_FALSE(record.empty());
    for (std::size_t at = 0; at < record.size(); ++at) {
        std::string bad = record;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        RawTable(directory.path(), "rows").put(key, bad);
        const auto store = Store::open(directory.path()).value();
        auto txn = store->read().value();
        const auto row = txn.get(damaged);
        ASSERT_FALSE(row) << "byte " << at;
        EXPECT_EQ(row.error().code, ErrorCode::kCorrupt);
        EXPECT_FALSE(txn.reg("r1").get());
        EXPECT_FALSE(txn.check_log());
        EXPECT_TRUE(txn.reg("r2").get().value().has_value());
        EXPECT_EQ(txn.counter("n").value().value(), 50);
    }
}

TEST_F(DamagedFiles, ARecordUnderAnotherKeyIsFound) {
    {
        RawTable rows(directory.path(), "rows");
        const auto all = rows.all();
        const auto first = all.begin();
        rows.put(std::next(first)->first, first->second);
    }
    const auto store = Store::open(directory.path()).value();
    EXPECT_FALSE(store->read().value().check_log());
}

TEST_F(DamagedFiles, ALogThatLacksOrInventsAnEntryIsFound) {
    {
        RawTable log(directory.path(), "log");
        const auto all = log.all();
        std::string beyond = all.rbegin()->first;
        ++beyond.back();
        log.put(beyond, all.rbegin()->second);
    }
    const auto store = Store::open(directory.path()).value();
    const auto checked = store->read().value().check_log();
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kCorrupt);
}

TEST_F(DamagedFiles, AnUnknownFormatIsRefused) {
    RawTable(directory.path(), "meta").put("format", std::string("\0\0\0\x63", 4));
    const auto store = Store::open(directory.path());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(store.error().message.find("format 99"), std::string::npos);
}

TEST_F(DamagedFiles, GarbageIsRefused) {
    for (const std::size_t size : {1U, 100U, 4096U, 8192U, 100'000U}) {
        std::ofstream(data(), std::ios::binary | std::ios::trunc) << std::string(size, '\x5A');
        const auto store = Store::open(directory.path());
        ASSERT_FALSE(store) << size;
        EXPECT_EQ(store.error().code, ErrorCode::kCorrupt) << store.error().message;
        EXPECT_EQ(read_elsewhere(), "");
    }
}

TEST_F(DamagedFiles, ATruncatedFileIsReadWholeOrNotAtAll) {
    const auto whole = std::filesystem::file_size(data());
    const auto kept = directory.path() / "kept";
    std::filesystem::copy(data(), kept);
    ASSERT_EQ(read_elsewhere(), "50");
    int refused = 0;
    for (std::uintmax_t size = 1; size < whole; size += 4096 + 100) {
        std::filesystem::copy(kept, data(), std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(data(), size);
        SCOPED_TRACE(size);
        const std::string read = read_elsewhere();
        EXPECT_TRUE(read.empty() || read == "50") << read;
        refused += read.empty() ? 1 : 0;
    }
    EXPECT_GT(refused, 10);
}

TEST_F(DamagedFiles, AFileInPlaceOfTheDirectoryIsRefused) {
    const auto store = Store::open(data());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kIo);
}

TEST_F(DamagedFiles, ACopyTakesAnIdentityOfItsOwn) {
    TempDirectory elsewhere;
    const auto copy = elsewhere.path() / "copy";
    const ReplicaId original = Store::open(directory.path()).value()->replica().value();
    std::filesystem::copy(directory.path(), copy, std::filesystem::copy_options::recursive);
    {
        const auto store = Store::open(copy).value();
        const ReplicaId own = store->replica().value();
        EXPECT_NE(own, original);
        ASSERT_TRUE(store->renewed());
        EXPECT_NE(store->renewed()->reason.find("copied"), std::string::npos);
        auto txn = store->write().value();
        txn.counter("n").add(1).value();
        txn.commit().value();
        auto read = store->read().value();
        EXPECT_EQ(read.counter("n").value().value(), 51);
        EXPECT_EQ(read.version()[original], 100U);
        EXPECT_EQ(read.version()[own], 1U);
        read.check_log().value();
    }
    const ReplicaId kept = Store::open(copy).value()->replica().value();
    EXPECT_NE(kept, original);
    EXPECT_EQ(Store::open(copy).value()->replica().value(), kept) << "once is enough";
    EXPECT_EQ(Store::open(directory.path()).value()->replica().value(), original);
}

/// Writes a file's earlier content over it: same file, same inode.
void write_over(const std::filesystem::path& file, const std::string& content) {
    std::ofstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out << content;
    out.close();
    std::filesystem::resize_file(file, content.size());
}

TEST_F(DamagedFiles, AFileThatWasRestoredInPlaceTakesANewIdentity) {
    const ReplicaId original = Store::open(directory.path()).value()->replica().value();
    std::ifstream in(directory.path() / "data.mdb", std::ios::binary);
    const std::string backup((std::istreambuf_iterator<char>(in)), {});
    const auto write = [](Store& store) {
        auto txn = store.write().value();
        txn.counter("n").add(1).value();
        txn.commit().value();
    };
    write(*Store::open(directory.path()).value());
    write_over(directory.path() / "data.mdb", backup);
    {
        const auto store = Store::open(directory.path()).value();
        EXPECT_NE(store->replica().value(), original) << "it would use its dots again";
        ASSERT_TRUE(store->renewed());
        EXPECT_EQ(store->renewed()->old, original);
        EXPECT_NE(store->renewed()->reason.find("gone back in time"), std::string::npos);
        EXPECT_EQ(store->read()->counter("n").value().value(), 50);
        write(*store);
        store->read()->check_log().value();
    }
    EXPECT_FALSE(Store::open(directory.path()).value()->renewed()) << "once is enough";
}

TEST_F(DamagedFiles, AMarkThatIsGoneOrBehindProvesNothing) {
    const auto mark = directory.path() / "last-commit";
    const ReplicaId original = Store::open(directory.path()).value()->replica().value();
    ASSERT_TRUE(std::filesystem::exists(mark));
    std::filesystem::remove(mark);
    EXPECT_EQ(Store::open(directory.path()).value()->replica().value(), original);
    std::ofstream(mark) << "abc";
    EXPECT_EQ(Store::open(directory.path()).value()->replica().value(), original);
    std::ofstream(mark) << std::string(8, '\0');
    EXPECT_EQ(Store::open(directory.path()).value()->replica().value(), original);
}

TEST_F(DamagedFiles, AMovedDirectoryKeepsItsIdentity) {
    const ReplicaId original = Store::open(directory.path()).value()->replica().value();
    TempDirectory elsewhere;
    const auto moved = elsewhere.path() / "moved";
    std::filesystem::rename(directory.path(), moved);
    EXPECT_EQ(Store::open(moved).value()->replica().value(), original);
}

}  // namespace
}  // namespace kigumi
