#include "core/model/model_config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/json.h"

namespace tuneward {
namespace {

Json Good() {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_act", "silu"},
          {"hidden_size", 128},
          {"num_hidden_layers", 4},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"intermediate_size", 352},
          {"vocab_size", 1024},
          {"max_position_embeddings", 1024},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", false},
          {"bos_token_id", 1},
          {"torch_dtype", "float32"}};
}

TEST(ModelConfigTest, ReadsAHuggingFaceConfig) {
  const auto config = ParseModelConfig(Good().dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->head_dim, 32);
  EXPECT_EQ(config->kv_width(), 64);
  EXPECT_EQ(config->intermediate, 352);
  EXPECT_DOUBLE_EQ(config->rms_eps, 1e-5);
  EXPECT_FALSE(config->tied_embeddings);
}

TEST(ModelConfigTest, ReadsTheNewRopeObject) {
  Json json = Good();
  json.erase("rope_theta");
  json["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 500000.0}};
  const auto config = ParseModelConfig(json.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_DOUBLE_EQ(config->rope.theta, 500000.0);
}

Json Gemma2() {
  Json json = Good();
  json.erase("hidden_act");
  json.update({{"architectures", {"Gemma2ForCausalLM"}},
               {"model_type", "gemma2"},
               {"hidden_activation", "gelu_pytorch_tanh"},
               {"head_dim", 64},
               {"query_pre_attn_scalar", 224},
               {"attn_logit_softcapping", 50.0},
               {"final_logit_softcapping", 30.0},
               {"sliding_window", 512},
               {"tie_word_embeddings", nullptr}});
  return json;
}

Json Gemma3() {
  Json json = Gemma2();
  json.erase("rope_theta");
  json.update({{"architectures", {"Gemma3ForCausalLM"}},
               {"model_type", "gemma3_text"},
               {"num_hidden_layers", 7},
               {"attn_logit_softcapping", nullptr},
               {"final_logit_softcapping", nullptr}});
  return json;
}

Json Qwen(const char* type, const char* architecture) {
  Json json = Good();
  json.update({{"architectures", {architecture}}, {"model_type", type}, {"sliding_window", 4096}});
  return json;
}

TEST(ModelConfigTest, MistralSlidesInEveryLayerUnlessItsWindowIsNull) {
  Json json = Qwen("mistral", "MistralForCausalLM");
  const auto config = ParseModelConfig(json.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->WindowOf(0), 4096);
  EXPECT_EQ(config->WindowOf(3), 4096);
  EXPECT_FALSE(config->qkv_bias || config->qk_norm || config->branch_norms);
  json["sliding_window"] = nullptr;
  EXPECT_EQ(ParseModelConfig(json.dump())->WindowOf(0), 0);
  json.erase("sliding_window");  // Hugging Face's default
  EXPECT_EQ(ParseModelConfig(json.dump())->WindowOf(0), 4096);
}

TEST(ModelConfigTest, Gemma2HasCapsBranchNormsAndASlidingLayerInTwo) {
  const auto config = ParseModelConfig(Gemma2().dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->sliding, (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(config->WindowOf(2), 512);
  EXPECT_TRUE(config->branch_norms && config->tied_embeddings);
  EXPECT_EQ(config->activation, Activation::kGeluTanh);
  EXPECT_EQ(config->norm_offset, 1);
  EXPECT_DOUBLE_EQ(config->embed_scale, std::sqrt(128.0));
  EXPECT_DOUBLE_EQ(config->QueryScalar(), 224);
  EXPECT_DOUBLE_EQ(config->attention_soft_cap, 50);
  EXPECT_DOUBLE_EQ(config->logit_soft_cap, 30);
  // What a file leaves out has Hugging Face's value; null is none.
  Json json = Gemma2();
  for (const char* key : {"head_dim", "attn_logit_softcapping", "query_pre_attn_scalar"})
    json.erase(key);
  json["final_logit_softcapping"] = nullptr;
  const auto defaults = ParseModelConfig(json.dump());
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_EQ(defaults->head_dim, 256);
  EXPECT_DOUBLE_EQ(defaults->QueryScalar(), 256);
  EXPECT_DOUBLE_EQ(defaults->attention_soft_cap, 50);
  EXPECT_DOUBLE_EQ(defaults->logit_soft_cap, 0);
}

TEST(ModelConfigTest, Gemma3HasTwoRopesInOldFilesAndInNewOnes) {
  Json json = Gemma3();
  const auto defaults = ParseModelConfig(json.dump());
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_TRUE(defaults->qk_norm);
  EXPECT_EQ(defaults->sliding, (std::vector<bool>{true, true, true, true, true, false, true}));
  EXPECT_DOUBLE_EQ(defaults->rope.theta, 1e6);
  EXPECT_DOUBLE_EQ(defaults->sliding_rope.theta, 1e4);
  json.update({{"rope_theta", 5e5},
               {"rope_local_base_freq", 2e4},
               {"rope_scaling", {{"rope_type", "linear"}, {"factor", 8.0}}},
               {"sliding_window_pattern", 2}});
  const auto old = ParseModelConfig(json.dump());
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->sliding, (std::vector<bool>{true, false, true, false, true, false, true}));
  EXPECT_EQ(old->rope, (RopeConfig{5e5, RopeConfig::Scaling::kLinear, 8}));
  EXPECT_EQ(old->sliding_rope, RopeConfig{2e4});
  json = Gemma3();
  json["rope_parameters"] = {
      {"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 5e5}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 2e4}}}};
  json["layer_types"] =
      Json::array({"full_attention", "full_attention", "full_attention", "sliding_attention",
                   "full_attention", "full_attention", "full_attention"});
  const auto now = ParseModelConfig(json.dump());
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->rope, old->rope);
  EXPECT_EQ(now->sliding_rope, old->sliding_rope);
  EXPECT_EQ(now->sliding, (std::vector<bool>{false, false, false, true, false, false, false}));
}

TEST(ModelConfigTest, QwenSlidesOnlyWhereItIsToldTo) {
  Json json = Qwen("qwen2", "Qwen2ForCausalLM");
  const auto plain = ParseModelConfig(json.dump());
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE(plain->qkv_bias && plain->sliding.empty() && !plain->qk_norm);
  EXPECT_EQ(plain->head_dim, 32);
  json.update({{"use_sliding_window", true}, {"max_window_layers", 3}});
  EXPECT_EQ(ParseModelConfig(json.dump())->sliding, (std::vector<bool>{false, false, false, true}));
  json = Qwen("qwen3", "Qwen3ForCausalLM");
  const auto three = ParseModelConfig(json.dump());
  ASSERT_TRUE(three.ok()) << three.status();
  EXPECT_TRUE(three->qk_norm && !three->qkv_bias);
  EXPECT_EQ(three->head_dim, 128);
}

TEST(ModelConfigTest, ReadsScaledRopes) {
  Json json = Good();
  json["rope_scaling"] = {{"rope_type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 512}};
  const auto config = ParseModelConfig(json.dump());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->rope, (RopeConfig{1e4, RopeConfig::Scaling::kLlama3, 8, 1, 4, 512}));
  json["rope_scaling"] = {{"type", "linear"}, {"factor", 2.0}};  // as it was written before 2024
  EXPECT_EQ(ParseModelConfig(json.dump())->rope,
            (RopeConfig{1e4, RopeConfig::Scaling::kLinear, 2}));
}

// Each with a piece of the message that names what is wrong.
TEST(ModelConfigTest, RefusesFeaturesThatItDoesNotCompute) {
  const auto with = [](Json json, const Json& more) {
    json.update(more);
    return json;
  };
  const Json qwen = Qwen("qwen2", "Qwen2ForCausalLM");
  const Json sliding = with(qwen, {{"use_sliding_window", true}});
  const std::pair<Json, std::string> table[] = {
      {with(Good(), {{"model_type", "gemma3"}}), "model_type: must be one of llama, mistral"},
      {with(Good(), {{"model_type", "mistral"}}), "architectures: must be [\"MistralFor"},
      {with(Good(), {{"sliding_window", 64}}), "sliding_window: must be absent, got 64"},
      {with(Good(), {{"final_logit_softcapping", 30.0}}), "final_logit_softcapping: must be abs"},
      {with(Good(), {{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 2.0}}}}),
       "rope_scaling.rope_type: must be \"default\", \"linear\" or \"llama3\", got \"yarn\""},
      {with(Good(), {{"rope_scaling", {{"rope_type", "linear"}}}}), "rope_scaling.factor: is miss"},
      {with(Good(), {{"rope_scaling", {{"rope_type", "linear"}, {"factor", 0.5}}}}), "got 0.5"},
      {with(Good(), {{"rope_scaling", 4}}), "rope_scaling: must be an object, got 4"},
      {with(Good(), {{"rope_scaling", {{"rope_type", "default"}}},
                     {"rope_parameters", {{"rope_type", "default"}}}}),
       "rope_scaling: must be absent"},
      {with(Good(), {{"rope_parameters", {{"full_attention", Json::object()}}}}),
       "rope_parameters.full_attention: must be absent"},
      {with(Good(), {{"partial_rotary_factor", 0.5}}), "partial_rotary_factor: must be 1.0"},
      {with(Gemma2(), {{"hidden_activation", "gelu"}}), "hidden_activation: must be"},
      {with(Gemma2(), {{"attention_bias", true}}), "attention_bias: must be false"},
      {with(Gemma2(), {{"use_bidirectional_attention", true}}), "use_bidirectional_attention"},
      {with(Gemma2(), {{"sliding_window", nullptr}}), "sliding_window: must be a number"},
      {with(Gemma2(), {{"attn_logit_softcapping", 0}}), "attn_logit_softcapping: must be in"},
      {with(Gemma2(), {{"layer_types", {"full_attention"}}}), "each of 4 layers, got 1"},
      {with(Gemma2(), {{"layer_types", Json::array({"a", "b", "c", "d"})}}),
       "got \"a\" for layer 0"},
      {with(Gemma3(), {{"attn_logit_softcapping", 50.0}}),
       "attn_logit_softcapping: must be absent"},
      {with(Gemma3(), {{"rope_parameters", {{"rope_theta", 1e6}}}}), "rope_parameters.rope_theta"},
      {with(sliding, {{"sliding_window", 0}}), "sliding_window: must be in [1, "},
      {with(sliding, {{"max_window_layers", -1}}), "max_window_layers: must be an integer in [0,"},
      {with(qwen, {{"layer_types", Json::array({"sliding_attention", "full_attention",
                                                "full_attention", "full_attention"})}}),
       "sliding_window: must be a number where a layer is sliding"},
      {with(qwen, {{"num_key_value_heads", nullptr}}), "num_key_value_heads: is missing"},
  };
  for (const auto& [json, message] : table) {
    const auto config = ParseModelConfig(json.dump());
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_NE(std::string(config.status().message()).find(message), std::string::npos)
        << message << " in: " << config.status();
  }
}

TEST(ModelConfigTest, RefusesWhatTheEngineDoesNotComputeByName) {
  const std::pair<const char*, Json> table[] = {
      {"model_type", "gpt2"},
      {"hidden_act", "gelu"},
      {"attention_bias", true},
      {"mlp_bias", true},
      {"architectures", Json::array({"GPT2LMHeadModel"})},
      {"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}}},
      {"hidden_size", 0},
      {"hidden_size", -128},
      {"hidden_size", 1e30},
      {"hidden_size", "128"},
      {"num_hidden_layers", 100000},
      {"num_key_value_heads", 3},
      {"num_attention_heads", 1000},
      {"head_dim", 33},
      {"vocab_size", nullptr},
      {"rms_norm_eps", 0.0},
      {"rope_theta", 0.5},
      {"max_position_embeddings", 1 << 30},
      {"tie_word_embeddings", 1}};
  for (const auto& [key, value] : table) {
    Json json = Good();
    json[key] = value;
    const auto config = ParseModelConfig(json.dump());
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << key << " " << value;
    EXPECT_NE(config.status().message().find(key), absl::string_view::npos) << config.status();
  }
  EXPECT_FALSE(ParseModelConfig("[]").ok());
  EXPECT_FALSE(ParseModelConfig("{").ok());
}

TEST(ModelConfigTest, SetsTheTypeAndKeepsTheRest) {
  const auto text = ConfigWithDtype(Good().dump(), "bfloat16");
  ASSERT_TRUE(text.ok());
  Json want = Good();
  want["torch_dtype"] = "bfloat16";
  EXPECT_EQ(ParseJson(*text).value(), want);
}

}  // namespace
}  // namespace tuneward
