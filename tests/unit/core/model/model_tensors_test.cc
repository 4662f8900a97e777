#include "core/model/model_tensors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

Json Config(const char* family) {
  return {
      {"model_type", family},        {"num_hidden_layers", 2},   {"hidden_size", 8},
      {"num_attention_heads", 2},    {"num_key_value_heads", 1}, {"head_dim", 4},
      {"intermediate_size", 12},     {"vocab_size", 16},         {"max_position_embeddings", 32},
      {"tie_word_embeddings", false}};
}

ModelConfig Parsed(const char* family) { return ParseModelConfig(Config(family).dump()).value(); }

TEST(ModelTensorsTest, FamiliesHaveTheirOwnTensors) {
  const auto llama = ModelTensors(Parsed("llama"));
  EXPECT_EQ(llama.size(), 3u + 2 * (7 + 2));
  EXPECT_EQ(llama.at("model.layers.1.mlp.down_proj.weight"), (std::vector<int64_t>{8, 12}));
  EXPECT_EQ(llama.at("model.layers.0.self_attn.k_proj.weight"), (std::vector<int64_t>{4, 8}));
  EXPECT_EQ(ParameterCount(Parsed("llama")),
            2 * 16 * 8 + 8 + 2 * (2 * 8 + 8 * 8 * 2 + 2 * 4 * 8 + 3 * 12 * 8));
  EXPECT_EQ(ModelTensors(Parsed("qwen2")).at("model.layers.0.self_attn.v_proj.bias"),
            (std::vector<int64_t>{4}));
  EXPECT_EQ(ModelTensors(Parsed("qwen3")).at("model.layers.0.self_attn.q_norm.weight"),
            (std::vector<int64_t>{4}));
  EXPECT_TRUE(
      ModelTensors(Parsed("gemma2")).contains("model.layers.1.post_feedforward_layernorm.weight"));
}

class CheckModelTensorsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "/model_tensors_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    for (const auto& [name, shape] : ModelTensors(config_)) {
      size_t elements = 1;
      for (const int64_t size : shape) elements *= static_cast<size_t>(size);
      values_[name].resize(elements);
      shapes_[name] = shape;
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> Check() {
    TensorSpans spans;
    for (const auto& [name, values] : values_)
      spans[name] = {DType::kFloat32,
                     shapes_[name],
                     {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}};
    EXPECT_TRUE(WriteFileAtomic(folder_ + "/" + kWeightsFile, SerializeSafetensors(spans)).ok());
    Violations problems;
    CheckModelTensors(config_, MapModel(folder_).value(), "folder", problems);
    std::vector<std::string> found;
    for (const auto& [field, what] : problems.list()) found.push_back(what);
    return found;
  }
  void Add(const std::string& name, const std::vector<int64_t>& shape, size_t elements) {
    shapes_[name] = shape;
    values_[name].resize(elements);
  }

  const ModelConfig config_ = Parsed("llama");
  std::string folder_;
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, std::vector<int64_t>> shapes_;
};

TEST_F(CheckModelTensorsTest, PassesTheModelAndWhatOldExportsKeep) {
  EXPECT_TRUE(Check().empty());
  Add("model.layers.0.self_attn.rotary_emb.inv_freq", {2}, 2);
  EXPECT_TRUE(Check().empty());
}

TEST_F(CheckModelTensorsTest, NamesFileTensorAndWhatIsWrong) {
  values_.erase(kHeadName);
  Add("model.extra", {3}, 3);
  Add(kFinalNormName, {7}, 7);
  values_["model.layers.1.mlp.up_proj.weight"][5] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<std::string> found = Check();
  const std::string file = folder_ + "/model.safetensors: tensor '";
  const std::vector<std::string> expected = {
      file + "lm_head.weight' is missing; it must have shape [16, 8]",
      file + "model.extra' is not part of this model",
      file + "model.layers.1.mlp.up_proj.weight' holds a NaN or an infinity, first at element 5",
      file + "model.norm.weight' must have shape [8], got [7]"};
  EXPECT_EQ(found, expected);
}

TEST_F(CheckModelTensorsTest, AWrongConfigDoesNotFloodTheAnswer) {
  values_.clear();
  Add("other", {1}, 1);
  const std::vector<std::string> found = Check();
  ASSERT_EQ(found.size(), 9u);
  EXPECT_EQ(found.back(), "and 14 more problems like these");
}

}  // namespace
}  // namespace tuneward
