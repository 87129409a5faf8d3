#include "msgpack_reader.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <msgpack/pack.hpp>
#include <string>

#include "codec.hpp"
#include "support/allocation_meter.hpp"

namespace kigumi {
namespace {

using codec::Buffer;
using codec::Packer;

std::string text(std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes) out.push_back(static_cast<char>(byte));
    return out;
}

MsgpackReader reader_of(const std::string& bytes) { return MsgpackReader::parse(bytes).value(); }

TEST(MsgpackReader, ReadsIntegersOfEveryWidth) {
    for (const std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 255ULL, 256ULL, 65'535ULL,
                                      65'536ULL, 4'294'967'295ULL, 4'294'967'296ULL, ~0ULL}) {
        Buffer out;
        Packer(out).pack_uint64(value);
        MsgpackReader reader = reader_of(out.bytes);
        EXPECT_EQ(reader.peek(), MsgpackReader::Kind::kUint);
        EXPECT_EQ(reader.uint(), value);
        EXPECT_TRUE(reader.finish("it"));
    }
    for (const std::int64_t value :
         {-1LL, -32LL, -33LL, -128LL, -129LL, -32'768LL, -32'769LL, -2'147'483'648LL,
          -2'147'483'649LL, std::numeric_limits<long long>::min(), 0LL, 5LL,
          std::numeric_limits<long long>::max()}) {
        Buffer out;
        Packer(out).pack_int64(value);
        MsgpackReader reader = reader_of(out.bytes);
        EXPECT_EQ(reader.integer(), value);
        EXPECT_TRUE(reader.finish("it"));
    }
    // A signed form of what is not negative counts as unsigned.
    const std::string bytes = text({0xD1, 0x01, 0x02});
    MsgpackReader reader = reader_of(bytes);
    EXPECT_EQ(reader.peek(), MsgpackReader::Kind::kUint);
    EXPECT_EQ(reader.uint(), 0x102U);
}

TEST(MsgpackReader, ReadsTextBytesAndContainersOfEveryWidth) {
    for (const std::size_t size : {0U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
        const std::string content(size, 'x');
        Buffer out;
        Packer packer(out);
        packer.pack_array(4);
        codec::pack_text(packer, content);
        codec::pack_bytes(packer, content);
        packer.pack_array(static_cast<std::uint32_t>(size));
        for (std::size_t i = 0; i < size; ++i) packer.pack_nil();
        packer.pack_map(static_cast<std::uint32_t>(size));
        for (std::size_t i = 0; i < 2 * size; ++i) packer.pack_true();
        MsgpackReader reader = reader_of(out.bytes);
        reader.array_of(4);
        EXPECT_EQ(reader.text(), content);
        EXPECT_EQ(reader.bytes(), content);
        EXPECT_EQ(reader.array(), size);
        for (std::size_t i = 0; i < size; ++i) reader.nil();
        EXPECT_EQ(reader.map(), size);
        for (std::size_t i = 0; i < 2 * size; ++i) EXPECT_TRUE(reader.boolean());
        EXPECT_TRUE(reader.finish("it"));
    }
}

TEST(MsgpackReader, ReadsNumbersAndNil) {
    const std::string bytes = text({0x95, 0xCA, 0x3F, 0xC0, 0, 0, 0xCB, 0xBF, 0xF8, 0, 0,
                                    0, 0, 0, 0, 0xC0, 0xC3, 0xC2});
    MsgpackReader reader = reader_of(bytes);
    reader.array_of(5);
    EXPECT_EQ(reader.number(), 1.5);
    EXPECT_EQ(reader.number(), -1.5);
    reader.nil();
    EXPECT_TRUE(reader.boolean());
    EXPECT_FALSE(reader.boolean());
    EXPECT_TRUE(reader.finish("it"));
}

TEST(MsgpackReader, RemembersTheFirstMismatch) {
    const std::string bytes = text({0x92, 1, 2});
    MsgpackReader reader = reader_of(bytes);
    reader.array_of(2);
    EXPECT_EQ(reader.text(), "");
    EXPECT_EQ(reader.uint(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.finish("it").error().code, ErrorCode::kCorrupt);
    MsgpackReader unread = reader_of(bytes);
    unread.array_of(2);
    EXPECT_FALSE(unread.finish("it")) << "something is left";
}

TEST(MsgpackReader, RefusesWhatIsCutNestedOrExtended) {
    EXPECT_FALSE(MsgpackReader::parse(""));
    EXPECT_FALSE(MsgpackReader::parse(text({0xC4})));
    EXPECT_FALSE(MsgpackReader::parse(text({0xC4, 5, 'x'})));
    EXPECT_FALSE(MsgpackReader::parse(text({0xC1})));
    EXPECT_FALSE(MsgpackReader::parse(text({0xD4, 1, 2})));
    EXPECT_FALSE(MsgpackReader::parse(text({1, 2})));
    EXPECT_TRUE(MsgpackReader::parse(std::string(MsgpackReader::kMaxDepth, '\x91') + '\x01'));
    EXPECT_FALSE(MsgpackReader::parse(std::string(MsgpackReader::kMaxDepth + 1, '\x91') + '\x01'));
}

TEST(MsgpackReader, ElementsAreBounded) {
    const std::string bytes = text({0x93, 0x92, 1, 2, 3, 4});
    EXPECT_TRUE(MsgpackReader::parse(bytes, 5));
    EXPECT_NE(MsgpackReader::parse(bytes, 4).error().message.find("more than 4 elements"),
              std::string::npos);
}

TEST(MsgpackReader, ParsingTakesNoMemory) {
    std::string bytes = text({0xDD, 0, 0x10, 0, 0});
    bytes.append(std::size_t{1} << 20, '\x01');
    const AllocationMeter meter;
    MsgpackReader reader = reader_of(bytes);
    std::uint64_t sum = 0;
    for (std::uint32_t left = reader.array(); left > 0; --left) sum += reader.uint();
    EXPECT_EQ(sum, std::uint64_t{1} << 20);
    EXPECT_LT(meter.peak_bytes(), 64U << 10);
}

}  // namespace
}  // namespace kigumi
