#include "server/base_model_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/model/model_tensors.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

// A Qwen 2 in two shards of half precision, with the tokenizer.json of the tokenizer's own tests.
class BaseModelFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/base_model_folder_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    fs::copy_file(TUNEWARD_SOURCE_DIR "/tests/reference/tokenizer/qwen2/tokenizer.json",
                  folder_ + "/tokenizer.json");
    WriteConfig();
    Json map;
    std::map<std::string, TensorSpans> shards;
    const std::string zeros(712 * 8 * 2, '\0');
    for (const auto& [name, shape] : ModelTensors(ParseModelConfig(config_.dump()).value())) {
      const std::string shard = name < "model.layers.1" ? "a.safetensors" : "b.safetensors";
      size_t elements = 1;
      for (const int64_t size : shape) elements *= static_cast<size_t>(size);
      shards[shard][name] = {DType::kFloat16, shape,
                             std::string_view(zeros).substr(0, 2 * elements)};
      map[name] = shard;
    }
    for (const auto& [shard, spans] : shards) Write(shard, SerializeSafetensors(spans));
    Write(kShardIndexFile, Json{{"weight_map", map}}.dump());
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/" + name, content).ok());
  }
  void WriteConfig() { Write("config.json", config_.dump()); }
  absl::StatusOr<BaseModelFacts> Inspect() { return InspectBaseModelFolder(folder_, "qwen2.5/1"); }
  // Field -> the first description.
  std::map<std::string, std::string> Problems() {
    std::map<std::string, std::string> problems;
    const absl::Status status = Inspect().status();
    for (const auto& [field, what] : GetErrorInfo(status).violations)
      problems.try_emplace(field, what);
    return problems;
  }

  std::string folder_;
  Json config_ = {{"model_type", "qwen2"},    {"num_hidden_layers", 2},
                  {"hidden_size", 8},         {"num_attention_heads", 2},
                  {"num_key_value_heads", 1}, {"intermediate_size", 12},
                  {"vocab_size", 712},        {"max_position_embeddings", 32}};
};

TEST_F(BaseModelFolderTest, TakesWhatTheEngineRuns) {
  const auto facts = Inspect();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->family, "qwen2");
  EXPECT_EQ(facts->context, 32);
  EXPECT_EQ(facts->dims["vocab"], 712);
  EXPECT_EQ(facts->dims["parameters"], ParameterCount(ParseModelConfig(config_.dump()).value()));
  EXPECT_EQ(facts->files,
            (std::vector<std::string>{"a.safetensors", "b.safetensors", "config.json",
                                      "model.safetensors.index.json", "tokenizer.json"}));
}

TEST_F(BaseModelFolderTest, TellsAllThatIsWrongAtOnce) {
  config_["num_hidden_layers"] = 10000000;
  config_["vocab_size"] = 2000000;
  WriteConfig();
  fs::remove(folder_ + "/b.safetensors");
  const auto problems = Problems();
  EXPECT_TRUE(problems.contains("folder/config.json.num_hidden_layers"));
  EXPECT_TRUE(problems.contains("folder/config.json.vocab_size"));
  ASSERT_TRUE(problems.contains("folder/model.safetensors.index.json"));
  EXPECT_NE(problems.at("folder/model.safetensors.index.json").find("b.safetensors"),
            std::string::npos);
}

TEST_F(BaseModelFolderTest, NamesTheFileThatIsWrong) {
  config_["vocab_size"] = 512;
  WriteConfig();
  auto problems = Problems();
  EXPECT_NE(problems["folder/tokenizer.json"].find("512"), std::string::npos)
      << problems["folder/tokenizer.json"];
  EXPECT_NE(problems["folder/model.safetensors.index.json"].find("must have shape [512, 8]"),
            std::string::npos);
  Write("config.json", "{");
  EXPECT_TRUE(Problems().contains("folder/config.json"));
  Write("tokenizer.json", "{}");
  WriteConfig();
  EXPECT_TRUE(Problems().contains("folder/tokenizer.json"));
  folder_.insert(0, "relative");
  EXPECT_TRUE(Problems().contains("folder"));
  folder_.erase(0, 8);
}

}  // namespace
}  // namespace tuneward
