#include "server/base_model_folder.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/file.h"

namespace tuneward {
namespace {

Violations Read(const std::string& header, int64_t data_bytes) {
  Violations problems;
  (void)ReadSafetensorsHeader(header, data_bytes, "file", problems);
  return problems;
}

TEST(SafetensorsHeaderTest, ReadsTensorsThatCoverTheFile) {
  Violations problems;
  const auto tensors = ReadSafetensorsHeader(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
      R"("b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}})",
      32, "file", problems);
  EXPECT_TRUE(problems.empty());
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].shape, (std::vector<int64_t>{2, 3}));
}

TEST(SafetensorsHeaderTest, RefusesHostileHeaders) {
  const char* const headers[] = {
      "",
      "[]",
      R"({"a":1})",
      R"({"a":{"dtype":"I64","shape":[4],"data_offsets":[0,32]}})",
      R"({"a":{"dtype":"F32","shape":[-8],"data_offsets":[0,32]}})",
      R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
      R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,32]}})",
      R"({"a":{"dtype":"F32","shape":[1e1],"data_offsets":[0,40]}})",
      R"({"a":{"dtype":"F32","shape":[8],"data_offsets":[0,36]}})",
      R"({"a":{"dtype":"F32","shape":[8],"data_offsets":[4,36]}})",
      R"({"a":{"dtype":"F32","shape":[8],"data_offsets":[-4,28]}})",
      R"({"a":{"dtype":"F32","shape":[8],"data_offsets":[18446744073709551615,31]}})",
      R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})",
      R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}})",
      R"({"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"a":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}})",
  };
  for (const char* header : headers) EXPECT_FALSE(Read(header, 32).empty()) << header;
}

// Each layer would be nine names in a table before the first tensor is looked at.
TEST(BaseModelFolderTest, RefusesDimensionsThatTheEngineCannotRun) {
  const std::string folder = testing::TempDir() + "/huge_base_model";
  ASSERT_TRUE(MakeFolders(folder).ok());
  ASSERT_TRUE(
      WriteFileAtomic(folder + "/config.json",
                      R"({"model_type":"llama","num_hidden_layers":10000000,"hidden_size":64,)"
                      R"("num_attention_heads":4,"intermediate_size":128,"vocab_size":2000000,)"
                      R"("max_position_embeddings":128})")
          .ok());
  const absl::Status refused = InspectBaseModelFolder(folder, "tuneward/1").status();
  std::filesystem::remove_all(folder);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : GetErrorInfo(refused).violations)
    fields.push_back(violation.field);
  ASSERT_GE(fields.size(), 2u) << refused;
  EXPECT_EQ(fields[0], "folder/config.json.num_hidden_layers");
  EXPECT_EQ(fields[1], "folder/config.json.vocab_size");
}

}  // namespace
}  // namespace tuneward
