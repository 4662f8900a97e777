#include "worker/engine/adapter_config.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/model/linear_site.h"

namespace tuneward {
namespace {

using Strings = std::vector<std::string>;

// As PEFT 0.21 writes it.
Json Good() {
  return {{"alora_invocation_tokens", nullptr},
          {"alpha_pattern", Json::object()},
          {"arrow_config", nullptr},
          {"auto_mapping", nullptr},
          {"base_model_name_or_path", "some/base"},
          {"bias", "none"},
          {"corda_config", nullptr},
          {"ensure_weight_tying", false},
          {"eva_config", nullptr},
          {"exclude_modules", nullptr},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"layer_replication", nullptr},
          {"layers_pattern", nullptr},
          {"layers_to_transform", nullptr},
          {"loftq_config", Json::object()},
          {"lora_alpha", 12},
          {"lora_bias", false},
          {"lora_dropout", 0.05},
          {"megatron_config", nullptr},
          {"megatron_core", "megatron.core"},
          {"modules_to_save", nullptr},
          {"peft_type", "LORA"},
          {"peft_version", "0.21.2"},
          {"qalora_group_size", 16},
          {"r", 8},
          {"rank_pattern", Json::object()},
          {"revision", nullptr},
          {"target_modules", {"v_proj", "q_proj"}},
          {"target_parameters", nullptr},
          {"task_type", "CAUSAL_LM"},
          {"trainable_token_indices", nullptr},
          {"use_dora", false},
          {"use_qalora", false},
          {"use_rslora", false}};
}

ModelConfig TwoLayers() {
  ModelConfig model;
  model.layers = 2;
  return model;
}

absl::StatusOr<LoraSpec> Resolve(const Json& json, const std::set<std::string>& tensors = {}) {
  TW_ASSIGN_OR_RETURN(const AdapterConfig config, ParseAdapterConfig(json.dump()));
  return ResolveTargets(config, TwoLayers(), tensors);
}

Json With(const char* key, const Json& value) {
  Json json = Good();
  json[key] = value;
  return json;
}

TEST(AdapterConfigTest, ReadsWhatPeftWrites) {
  const auto spec = Resolve(Good());
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->rank, 8);
  EXPECT_EQ(spec->alpha, 12);
  EXPECT_EQ(spec->dropout, 0.05);
  EXPECT_EQ(spec->targets, (Strings{"q_proj", "v_proj"}));
  EXPECT_DOUBLE_EQ(LoraScale(*spec), 1.5);
}

TEST(AdapterConfigTest, ReadsItsOwnWriting) {
  LoraSpec spec;
  spec.alpha = 7.5;
  spec.targets = {"down_proj"};
  spec.rslora = true;
  const auto read = Resolve(ParseJson(AdapterConfigJson(spec)).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->alpha, 7.5);
  EXPECT_EQ(read->targets, spec.targets);
  EXPECT_TRUE(read->rslora);
  EXPECT_DOUBLE_EQ(LoraScale(*read), 7.5 / 4);
}

TEST(AdapterConfigTest, AnEntryNamesAModuleOrItsEndAtADot) {
  EXPECT_EQ(Resolve(With("target_modules", {"mlp.up_proj", "layers.1.self_attn.o_proj",
                                            "model.layers.0.self_attn.o_proj"}))
                ->targets,
            (Strings{"o_proj", "up_proj"}));
  for (const char* entry : {"proj", "_proj", "self_attn", "mlp.q_proj", "lm_head", "", ".q_proj",
                            "model.layers.2.mlp.up_proj"}) {
    const auto spec = Resolve(With("target_modules", {"q_proj", entry}));
    EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument) << entry;
    EXPECT_NE(spec.status().message().find("got '" + std::string(entry) + "'"),
              absl::string_view::npos)
        << spec.status();
  }
}

TEST(AdapterConfigTest, RefusesLinearsOfSomeLayers) {
  const auto spec = Resolve(With("target_modules", {"q_proj", "model.layers.1.mlp.up_proj"}));
  EXPECT_NE(spec.status().message().find("got up_proj in 1 of 2"), absl::string_view::npos)
      << spec.status();
}

TEST(AdapterConfigTest, APatternMeansWhatTheTensorsSay) {
  std::set<std::string> tensors;
  const auto add = [&](int64_t layer) {
    for (const LinearSite& site : LinearSites(TwoLayers()))
      if (site.group == kOut || site.group == kDown) tensors.insert(PeftName(layer, site, "A"));
  };
  add(0);
  const Json pattern = With("target_modules", ".*[on]_proj");
  EXPECT_NE(Resolve(pattern, tensors).status().message().find("o_proj in 1 of 2"),
            absl::string_view::npos);
  add(1);
  EXPECT_EQ(Resolve(pattern, tensors)->targets, (Strings{"o_proj", "down_proj"}));
  Json excluded = With("exclude_modules", {"q_proj"});
  EXPECT_EQ(Resolve(excluded, tensors)->targets, (Strings{"o_proj", "down_proj"}));
  EXPECT_EQ(Resolve(pattern).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(AdapterConfigTest, RefusesWhatIsNotComputedByItsKeyAndValue) {
  const std::pair<const char*, Json> table[] = {{"peft_type", "IA3"},
                                                {"peft_type", nullptr},
                                                {"task_type", "SEQ_CLS"},
                                                {"bias", "lora_only"},
                                                {"fan_in_fan_out", true},
                                                {"modules_to_save", {"lm_head"}},
                                                {"layers_to_transform", {0}},
                                                {"layers_to_transform", 0},
                                                {"rank_pattern", {{"q_proj", 4}}},
                                                {"alpha_pattern", {{"q_proj", 4}}},
                                                {"use_dora", true},
                                                {"use_dora", 1},
                                                {"use_rslora", "yes"},
                                                {"use_qalora", true},
                                                {"lora_bias", true},
                                                {"init_lora_weights", "pissa"},
                                                {"init_lora_weights", "pissa_niter_16"},
                                                {"init_lora_weights", "olora"},
                                                {"layer_replication", {{0, 2}}},
                                                {"trainable_token_indices", {1}},
                                                {"target_parameters", {"experts"}},
                                                {"alora_invocation_tokens", {5}},
                                                {"a_key_of_a_later_peft", 1},
                                                {"r", 0},
                                                {"r", 300},
                                                {"r", 8.0},
                                                {"r", "8"},
                                                {"r", 1e300},
                                                {"lora_alpha", "12"},
                                                {"lora_alpha", nullptr},
                                                {"lora_dropout", "none"},
                                                {"target_modules", nullptr},
                                                {"target_modules", Json::array()},
                                                {"target_modules", {1}}};
  for (const auto& [key, value] : table) {
    const auto config = ParseAdapterConfig(With(key, value).dump());
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << key;
    const std::string message(config.status().message());
    EXPECT_EQ(message.find(std::string(key) + ": must be "), 0u) << message;
    EXPECT_NE(message.find("got " + value.dump()), std::string::npos) << message;
  }
  EXPECT_EQ(Resolve(With("lora_alpha", -1)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Resolve(With("lora_dropout", 1)).status().code(), absl::StatusCode::kInvalidArgument);
  Json missing = Good();
  missing.erase("r");
  EXPECT_EQ(std::string(ParseAdapterConfig(missing.dump()).status().message()),
            "r: must be an integer in [1, 256], it is missing");
  EXPECT_FALSE(ParseAdapterConfig("[]").ok());
}

TEST(AdapterConfigTest, AKeyOfALaterPeftPassesWhileItIsOff) {
  for (const Json& off : {Json(nullptr), Json(false), Json::object(), Json::array()})
    EXPECT_TRUE(Resolve(With("a_key_of_a_later_peft", off)).ok()) << off;
}

TEST(AdapterConfigTest, LongValuesAreCutInMessages) {
  const auto config = ParseAdapterConfig(With("modules_to_save", std::string(5000, 'x')).dump());
  EXPECT_LT(config.status().message().size(), 250u);
}

}  // namespace
}  // namespace tuneward
