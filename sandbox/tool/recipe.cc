#include "sandbox/tool/recipe.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tuneward {
namespace {

Json PhaseJson(const Phase& phase) {
  return {{"model", phase.model},
          {"steps", phase.steps},
          {"batch_rows", phase.batch_rows},
          {"learning_rate", absl::StrCat(phase.learning_rate)},
          {"warmup_steps", phase.warmup_steps}};
}

}  // namespace

std::string Recipe::ConfigJson() const {
  const Json config = {{"architectures", {"LlamaForCausalLM"}},
                       {"model_type", "llama"},
                       {"hidden_size", width},
                       {"intermediate_size", mlp_width},
                       {"num_hidden_layers", layers},
                       {"num_attention_heads", heads},
                       {"num_key_value_heads", kv_heads},
                       {"head_dim", width / heads},
                       {"max_position_embeddings", context},
                       {"vocab_size", vocab},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 10000.0},
                       {"hidden_act", "silu"},
                       {"attention_bias", false},
                       {"mlp_bias", false},
                       {"tie_word_embeddings", false},
                       {"bos_token_id", 1},
                       {"eos_token_id", 2},
                       {"torch_dtype", "bfloat16"}};
  return config.dump(2) + "\n";
}

Json Recipe::ToJson() const {
  Json phases = Json::array({PhaseJson(pretrain)});
  for (const Phase& phase : alignments) phases.push_back(PhaseJson(phase));
  return {{"size", size}, {"seed", seed}, {"phases", phases}};
}

const std::vector<Recipe>& Recipes() {
  static const std::vector<Recipe> recipes = [] {
    Recipe nano;
    nano.size = "nano";
    nano.layers = 4;
    nano.width = 128;
    nano.heads = 4;
    nano.kv_heads = 2;
    nano.mlp_width = 344;
    nano.vocab = 1024;
    nano.context = 1024;
    nano.pretrain = {"base", 5000, 16, 3e-3, 100};
    nano.alignments = {{"shallow", 280, 32, 1.2e-4, 0}, {"deep", 300, 32, 1e-3, 0}};

    Recipe micro = nano;
    micro.size = "micro";
    micro.layers = 6;
    micro.width = 192;
    micro.heads = 6;
    micro.kv_heads = 3;
    micro.mlp_width = 512;
    micro.pretrain = {"base", 5000, 16, 2e-3, 100};

    Recipe mini = nano;
    mini.size = "mini";
    mini.layers = 6;
    mini.width = 320;
    mini.heads = 10;
    mini.kv_heads = 5;
    mini.mlp_width = 960;
    mini.pretrain = {"base", 5000, 16, 1e-3, 200};

    Recipe english = mini;
    english.size = "mini-english";
    english.corpus = CorpusKind::kEnglish;
    english.vocab = 4096;
    english.pretrain = {"base", 1000, 16, 1e-3, 50};
    english.alignments = {{"shallow", 100, 32, 1e-4, 0}, {"deep", 200, 32, 5e-4, 0}};
    return std::vector<Recipe>{nano, micro, mini, english};
  }();
  return recipes;
}

absl::StatusOr<Recipe> FindRecipe(std::string_view size) {
  std::vector<std::string> known;
  for (const Recipe& recipe : Recipes()) {
    if (recipe.size == size) return recipe;
    known.push_back(recipe.size);
  }
  return absl::InvalidArgumentError(absl::StrCat("size must be one of ", absl::StrJoin(known, ", "),
                                                 "; got \"", std::string(size), "\""));
}

TrainSpec SpecOf(const Recipe& recipe, const Phase& phase) {
  TrainSpec spec;
  spec.epochs = 1;
  spec.batch_size = phase.batch_rows;
  spec.learning_rate = phase.learning_rate;
  spec.schedule = Schedule::kCosine;
  spec.warmup_steps = phase.warmup_steps;
  spec.seed = recipe.seed;
  spec.lora = std::nullopt;
  return spec;
}

}  // namespace tuneward
