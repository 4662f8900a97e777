#include "core/model/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

std::string File(const std::string& header, const std::string& data) {
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(uint64_t{header.size()} >> (8 * i)));
  return out + header + data;
}

TEST(SafetensorsTest, WritesInNameOrderWithAPaddedHeader) {
  const std::string one(8, 'x'), two(4, 'y');
  TensorSpans tensors;
  tensors["b"] = {DType::kFloat32, {2, 1}, one};
  tensors["a"] = {DType::kBFloat16, {2}, two};
  const std::string file = SerializeSafetensors(tensors);
  uint64_t header = 0;
  std::memcpy(&header, file.data(), 8);
  EXPECT_EQ(header % 8, 0u);
  EXPECT_EQ(file.substr(8 + header), two + one);
  EXPECT_EQ(file, SerializeSafetensors(tensors));
  const auto read = ParseSafetensors(file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->at("a").bytes, two);
  EXPECT_EQ(read->at("b").bytes, one);
  EXPECT_EQ(read->at("b").shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(read->at("a").dtype, DType::kBFloat16);
}

TEST(SafetensorsTest, ReadsAScalar) {
  const auto read = ParseSafetensors(
      File(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", std::string(4, '\0')));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->at("s").shape.empty());
}

struct Hostile {
  const char* what;
  std::string file;
};

TEST(SafetensorsTest, RefusesHostileFiles) {
  const std::string four(4, 'd'), eight(8, 'd');
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
    return "{\"t\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
           "}}";
  };
  const std::vector<Hostile> table = {
      {"empty", ""},
      {"shorter than a header", "abc"},
      {"header longer than the file", std::string("\xff\xff\0\0\0\0\0\0{}", 10)},
      {"header of 2^64-1 bytes", std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)},
      {"header is no JSON", File("{", "")},
      {"header is an array", File("[]", "")},
      {"header is not UTF-8", File("{\"\xff\":1}", "")},
      {"same name twice",
       File(
           R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           four)},
      {"deep header", File(R"({"t":{"dtype":[[[[1]]]],"shape":[1],"data_offsets":[0,4]}})", four)},
      {"entry is a number", File(R"({"t":1})", "")},
      {"key missing", File(R"({"t":{"dtype":"F32","shape":[1]}})", four)},
      {"key too many",
       File(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", four)},
      {"empty name", File(R"({"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", four)},
      {"long name", File("{\"" + std::string(600, 'n') +
                             R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                         four)},
      {"unknown type", File(one("\"I64\"", "[1]", "[0,8]"), eight)},
      {"type is a number", File(one("3", "[1]", "[0,4]"), four)},
      {"negative size", File(one("\"F32\"", "[-1]", "[0,4]"), four)},
      {"zero size", File(one("\"F32\"", "[0]", "[0,0]"), "")},
      {"fractional size", File(one("\"F32\"", "[1.0]", "[0,4]"), four)},
      {"product overflows", File(one("\"F32\"", "[4611686018427387904,4]", "[0,4]"), four)},
      {"many sizes that overflow",
       File(one("\"F32\"", "[65536,65536,65536,65536]", "[0,4]"), four)},
      {"too many dimensions", File(one("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), four)},
      {"end before begin", File(one("\"F32\"", "[1]", "[4,0]"), four)},
      {"end outside", File(one("\"F32\"", "[2]", "[0,8]"), four)},
      {"huge offset",
       File(one("\"F32\"", "[1]", "[18446744073709551612,18446744073709551615]"), four)},
      {"negative offset", File(one("\"F32\"", "[1]", "[-4,0]"), four)},
      {"size and offsets differ", File(one("\"F32\"", "[1]", "[0,8]"), eight)},
      {"gap at the start", File(one("\"F32\"", "[1]", "[4,8]"), eight)},
      {"bytes after the end", File(one("\"F32\"", "[1]", "[0,4]"), eight)},
      {"overlap",
       File(
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
           four)},
      {"partial overlap",
       File(
           R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
           std::string(6, 'd'))},
      {"metadata is no map of strings", File(R"({"__metadata__":{"a":1}})", "")},
  };
  for (const Hostile& one_file : table) {
    const auto read = ParseSafetensors(one_file.file);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << one_file.what;
    EXPECT_FALSE(read.status().message().empty()) << one_file.what;
  }
}

TEST(SafetensorsTest, QuotesANameInWholeCharacters) {
  std::string name = "x";
  for (int i = 0; i < 300; ++i) name += "\xC3\xA9";
  const auto read = ParseSafetensors(
      File("{\"" + name + R"(":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", "dddd"));
  ASSERT_FALSE(read.ok());
  EXPECT_NO_THROW(Json(std::string(read.status().message())).dump()) << "must be UTF-8";
}

TEST(SafetensorsTest, NeverReadsOutsideAMutatedFile) {
  TensorSpans tensors;
  const std::string data(16, '\x11');
  tensors["layer.weight"] = {DType::kFloat32, {2, 2}, data};
  tensors["norm"] = {DType::kBFloat16, {8}, data};
  const std::string file = SerializeSafetensors(tensors);
  for (size_t i = 0; i < file.size(); ++i)
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      std::string bad = file;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const auto read = ParseSafetensors(bad);
      if (!read.ok()) continue;
      for (const auto& [name, span] : *read) {
        EXPECT_GE(span.bytes.data(), bad.data());
        EXPECT_LE(span.bytes.data() + span.bytes.size(), bad.data() + bad.size());
      }
    }
  for (size_t cut = 0; cut < file.size(); ++cut)
    EXPECT_FALSE(ParseSafetensors(file.substr(0, cut)).ok()) << cut;
}

TEST(SafetensorsTest, FindsTheFirstValueThatIsNotFinite) {
  for (const size_t count : {1, 1023, 1024, 1025, 5000}) {
    std::string floats(count * 4, '\x11'), halves(count * 2, '\x11');
    EXPECT_FALSE(FirstNonFinite({DType::kFloat32, {}, floats})) << count;
    EXPECT_FALSE(FirstNonFinite({DType::kBFloat16, {}, halves})) << count;
    for (const uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00001u}) {
      std::string bad = floats;
      std::memcpy(bad.data() + 4 * (count - 1), &bits, 4);
      EXPECT_EQ(FirstNonFinite({DType::kFloat32, {}, bad}), count - 1);
      bad = halves;
      std::memcpy(bad.data() + 2 * (count / 2), reinterpret_cast<const char*>(&bits) + 2, 2);
      EXPECT_EQ(FirstNonFinite({DType::kBFloat16, {}, bad}), count / 2);
    }
    for (const uint16_t bits : {0x7c00, 0xfc00, 0x7e01}) {  // half precision has its own exponent
      std::string bad = halves;
      std::memcpy(bad.data() + 2 * (count / 2), &bits, 2);
      EXPECT_EQ(FirstNonFinite({DType::kFloat16, {}, bad}), count / 2);
      EXPECT_FALSE(FirstNonFinite({DType::kBFloat16, {}, bad})) << count;
    }
    const uint32_t largest = 0x7f7fffffu;
    std::memcpy(floats.data(), &largest, 4);
    EXPECT_FALSE(FirstNonFinite({DType::kFloat32, {}, floats})) << count;
  }
}

TEST(MappedFileTest, WrittenPagesStayOutOfTheFileAndReleasedOnesComeBack) {
  const std::string path = testing::TempDir() + "mapped_file_test", text(20000, 'x');
  ASSERT_TRUE(WriteFileAtomic(path, text).ok());
  {
    const auto file = MappedFile::Open(path).value();
    const_cast<char*>(file->bytes().data())[3] = 'y';
    EXPECT_EQ(file->bytes()[3], 'y');
    file->Release(file->bytes().substr(9000, 5000));
    EXPECT_EQ(file->bytes().substr(8000), text.substr(8000));
  }
  EXPECT_EQ(ReadFile(path).value(), text);
}

TEST(MappedFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(MappedFile::Open("/nonexistent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MappedFile::Open(testing::TempDir()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tuneward
