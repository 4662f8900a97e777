#include "core/model/model_config.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/model/config_reader.h"
#include "core/model/rope_reader.h"

namespace tuneward {
namespace {

struct Family {
  const char *name, *architecture;
  int64_t head_dim;       // where the file has none; 0: hidden_size / num_attention_heads
  int64_t layers_a_turn;  // every so many-th layer sees everything; 0: no such rule
  bool gemma;
};

// Defaults are those of Hugging Face's classes, for keys that a file may leave out.
constexpr Family kFamilies[] = {{"llama", "LlamaForCausalLM", 0, 0, false},
                                {"mistral", "MistralForCausalLM", 0, 0, false},
                                {"gemma2", "Gemma2ForCausalLM", 256, 2, true},
                                {"gemma3_text", "Gemma3ForCausalLM", 256, 6, true},
                                {"qwen2", "Qwen2ForCausalLM", 0, 0, false},
                                {"qwen3", "Qwen3ForCausalLM", 128, 0, false}};
constexpr int64_t kDefaultWindow = 4096, kDefaultMaxWindowLayers = 28;

const Family* FamilyOf(ConfigReader& reader) {
  const Json* type = reader.Find("model_type");
  std::vector<std::string> known;
  for (const Family& family : kFamilies) {
    if (type != nullptr && *type == family.name) return &family;
    known.push_back(family.name);
  }
  reader.Fail("model_type", absl::StrCat("must be one of ", absl::StrJoin(known, ", "), ", got ",
                                         type == nullptr ? "nothing" : type->dump()));
  return nullptr;
}

void ReadShape(const Family& family, ConfigReader& reader, ModelConfig& config) {
  config.layers = reader.Int("num_hidden_layers", 1, 1024);
  config.hidden = reader.Int("hidden_size", 1, 65536);
  config.heads = reader.Int("num_attention_heads", 1, 1024);
  // Other families have other defaults, which their files never rely on.
  const bool llama = config.family == "llama";
  config.kv_heads = reader.Int("num_key_value_heads", 1, 1024,
                               llama ? std::optional<int64_t>(config.heads) : std::nullopt);
  config.head_dim = reader.Int(
      "head_dim", 1, 1024, family.head_dim > 0 ? family.head_dim : config.hidden / config.heads);
  config.intermediate = reader.Int("intermediate_size", 1, 1 << 20);
  config.vocab = reader.Int("vocab_size", 1, 1 << 20);
  config.context = reader.Int("max_position_embeddings", 1, 1 << 20);
  config.tied_embeddings = reader.Bool("tie_word_embeddings", family.gemma);
  if (config.heads % config.kv_heads != 0)
    reader.Fail("num_key_value_heads", absl::StrCat("must divide num_attention_heads ",
                                                    config.heads, ", got ", config.kv_heads));
  if (config.head_dim % 2 != 0)
    reader.Fail("head_dim", absl::StrCat("must be even, got ", config.head_dim));
  if (config.head_dim == 0) reader.Fail("num_attention_heads", "must not exceed hidden_size");
}

// layer_types where the file has it, else what `is_sliding` says of a layer.
template <typename Rule>
void ReadSlidingLayers(ConfigReader& reader, ModelConfig& config, const Rule& is_sliding) {
  const Json* types = reader.Find("layer_types");
  if (types != nullptr &&
      (!types->is_array() || static_cast<int64_t>(types->size()) != config.layers)) {
    reader.Fail("layer_types", absl::StrCat("must have an entry for each of ", config.layers,
                                            " layers, got ", types->size()));
    return;
  }
  for (int64_t l = 0; l < config.layers; ++l) {
    bool sliding = is_sliding(l);
    if (types != nullptr) {
      const Json& type = (*types)[static_cast<size_t>(l)];
      sliding = type == "sliding_attention";
      if (!sliding && type != "full_attention")
        reader.Fail("layer_types", absl::StrCat("must hold \"sliding_attention\" or "
                                                "\"full_attention\", got ",
                                                type.dump(), " for layer ", l));
    }
    config.sliding.push_back(sliding);
  }
  const bool any = std::count(config.sliding.begin(), config.sliding.end(), true) > 0;
  if (any && config.window == 0)
    reader.Fail("sliding_window", "must be a number where a layer is sliding, got none");
  if (!any) config.sliding.clear();
}

void ReadWindow(const Family& family, ConfigReader& reader, ModelConfig& config) {
  const auto window = [&] {
    return static_cast<int64_t>(reader.NumberOrNone("sliding_window", 1, 1 << 30, kDefaultWindow));
  };
  if (config.family == "llama") {
    reader.Only("sliding_window", nullptr);
    reader.Only("layer_types", nullptr);
  } else if (config.family == "mistral") {
    reader.Only("layer_types", nullptr);
    config.window = window();
    if (config.window > 0) config.sliding.assign(static_cast<size_t>(config.layers), true);
  } else if (family.gemma) {
    config.window = window();
    int64_t turn = family.layers_a_turn;
    if (config.family == "gemma3_text") turn = reader.Int("sliding_window_pattern", 1, 1024, turn);
    ReadSlidingLayers(reader, config, [&](int64_t l) { return (l + 1) % turn != 0; });
  } else {
    config.window = reader.Bool("use_sliding_window", false) ? window() : 0;
    const int64_t full = reader.Int("max_window_layers", 0, 1 << 20, kDefaultMaxWindowLayers);
    ReadSlidingLayers(reader, config, [&](int64_t l) { return config.window > 0 && l >= full; });
  }
}

void ReadFeatures(const Family& family, ConfigReader& reader, ModelConfig& config) {
  config.rms_eps = reader.Number("rms_norm_eps", 1e-12, 1e-1, 1e-6);
  config.qkv_bias = config.family == "qwen2";
  config.qk_norm = config.family == "qwen3" || config.family == "gemma3_text";
  reader.Only("architectures", Json::array({family.architecture}));
  reader.Only("attention_bias", false);
  reader.Only("mlp_bias", false);
  reader.Only("use_bidirectional_attention", false);
  const char* activation = family.gemma ? "gelu_pytorch_tanh" : "silu";
  reader.Only("hidden_act", activation);
  reader.Only("hidden_activation", activation);
  if (!family.gemma) {
    reader.Only("attn_logit_softcapping", nullptr);
    reader.Only("final_logit_softcapping", nullptr);
    return;
  }
  config.activation = Activation::kGeluTanh;
  config.branch_norms = true;
  config.norm_offset = 1;
  config.embed_scale = std::sqrt(static_cast<double>(config.hidden));
  config.query_scalar = reader.Number("query_pre_attn_scalar", 1, 65536, 256);
  const bool second = config.family == "gemma2";
  constexpr double kLeast = 1e-3, kMost = 1e6;
  config.logit_soft_cap = reader.NumberOrNone("final_logit_softcapping", kLeast, kMost,
                                              second ? std::optional(30.0) : std::nullopt);
  if (second)
    config.attention_soft_cap = reader.NumberOrNone("attn_logit_softcapping", kLeast, kMost, 50.0);
  else
    reader.Only("attn_logit_softcapping", nullptr);  // Hugging Face's Gemma 3 does not apply it
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  if (!json.is_object()) return absl::InvalidArgumentError("config.json: must be an object");
  Violations problems;
  ConfigReader reader(json, "config.json: ", problems);
  const Family* family = FamilyOf(reader);
  if (family == nullptr) return problems.ToStatus();
  ModelConfig config;
  config.family = family->name;
  ReadShape(*family, reader, config);
  ReadWindow(*family, reader, config);
  ReadFeatures(*family, reader, config);
  std::tie(config.rope, config.sliding_rope) = config.family == "gemma3_text"
                                                   ? ReadTwoRopes(reader, config.context)
                                                   : ReadRope(reader, config.context);
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return config;
}

absl::StatusOr<std::string> ConfigWithDtype(std::string_view text, std::string_view dtype) {
  TW_ASSIGN_OR_RETURN(Json json, ParseJson(text));
  json["torch_dtype"] = std::string(dtype);
  return json.dump(2) + "\n";
}

}  // namespace tuneward
