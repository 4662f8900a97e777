#include "sandbox/tool/make_base.h"

#include <fmt/core.h>

#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/text/sentencepiece_trainer.h"
#include "sandbox/english/english_corpus.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/world/sandbox_world.h"

namespace tuneward {
namespace {

constexpr uint64_t kTokenizerStream = 0x70;  // added to the seed: other rows than the training's

std::unique_ptr<const Corpus> MakeCorpus(CorpusKind kind) {
  if (kind == CorpusKind::kEnglish) return std::make_unique<EnglishCorpus>();
  return std::make_unique<SandboxWorld>();
}

class ProgressPrinter : public TrainObserver {
 public:
  explicit ProgressPrinter(std::string model) : model_(std::move(model)) {}
  bool OnStep(const StepMetrics& metrics) override {
    if (metrics.step == 1 || metrics.step % 50 == 0 || metrics.step == metrics.total_steps)
      fmt::print("{:>8} step {:>5}/{} loss {:.4f} {:.0f} tokens/s\n", model_, metrics.step,
                 metrics.total_steps, metrics.loss, metrics.tokens_per_second);
    std::fflush(stdout);
    return true;
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }

 private:
  std::string model_;
};

absl::Status TrainPhase(const Recipe& recipe, const Phase& phase, const std::vector<Chat>& chats,
                        const Rendering& rendering, const std::string& work_folder,
                        BaseModel& model) {
  TrainInputs inputs;
  inputs.rows = rendering.TrainRows(chats, chats.size());
  inputs.spec = SpecOf(recipe, phase);
  inputs.work_folder = work_folder;
  ProgressPrinter printer(phase.model);
  return model.Train(inputs, "", printer).status();
}

// The folder of one model; returns the hash of its weights.
absl::StatusOr<std::string> WriteModel(const Recipe& recipe, const Corpus& corpus,
                                       const std::string& parent_sha, const Phase& phase,
                                       const std::string& tokenizer, const BaseModel& model,
                                       const std::string& folder) {
  TW_RETURN_IF_ERROR(MakeFolders(folder));
  TW_RETURN_IF_ERROR(model.Save(folder, Precision::kBFloat16));
  TW_RETURN_IF_ERROR(WriteFileAtomic(folder + "/tokenizer.model", tokenizer));
  TW_ASSIGN_OR_RETURN(const std::string weights, ReadFile(folder + "/model.safetensors"));
  const std::string sha = Sha256Of(weights).Hex();
  Json json = recipe.ToJson();
  json.update(corpus.Facts());
  json["format"] = "tuneward.recipe/1";
  json["model"] = recipe.size + "-" + phase.model;
  json["chat_template"] = kSandboxTemplate;
  json["tokenizer_sha256"] = Sha256Of(tokenizer).Hex();
  json["weights_sha256"] = sha;
  json["made_from_weights_sha256"] = parent_sha;
  json["fingerprint"] = model.fingerprint();
  TW_RETURN_IF_ERROR(WriteFileAtomic(folder + "/recipe.json", json.dump(2) + "\n"));
  return sha;
}

}  // namespace

absl::Status MakeBase(const Recipe& recipe, const EngineOptions& engine,
                      const std::string& out_folder) {
  const std::unique_ptr<const Corpus> owned = MakeCorpus(recipe.corpus);
  const Corpus& corpus = *owned;
  const std::string prefix = out_folder + "/" + recipe.size + "-";
  SentencepieceTraining training;
  training.vocab_size = recipe.vocab;
  TW_ASSIGN_OR_RETURN(
      const std::string tokenizer,
      TrainSentencepiece(corpus.TokenizerTexts(recipe.seed + kTokenizerStream), training));
  TW_ASSIGN_OR_RETURN(const Rendering rendering, Rendering::FromBytes(tokenizer));

  TW_ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> base,
                      BaseModel::Create(recipe.ConfigJson(), recipe.seed, engine));
  const auto pretrain_rows =
      corpus.PretrainRows(recipe.pretrain.steps * recipe.pretrain.batch_rows, recipe.seed);
  TW_RETURN_IF_ERROR(
      TrainPhase(recipe, recipe.pretrain, pretrain_rows, rendering, out_folder, *base));
  TW_ASSIGN_OR_RETURN(const std::string base_sha,
                      WriteModel(recipe, corpus, "", recipe.pretrain, tokenizer, *base,
                                 prefix + recipe.pretrain.model));

  for (const Phase& phase : recipe.alignments) {
    // From the stored weights: the committed base is enough to make an aligned model anew.
    TW_ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> model,
                        BaseModel::Load(prefix + recipe.pretrain.model, engine));
    const auto rows = corpus.AlignmentRows(phase.steps * phase.batch_rows, recipe.seed);
    TW_RETURN_IF_ERROR(TrainPhase(recipe, phase, rows, rendering, out_folder, *model));
    TW_RETURN_IF_ERROR(
        WriteModel(recipe, corpus, base_sha, phase, tokenizer, *model, prefix + phase.model)
            .status());
  }
  return absl::OkStatus();
}

}  // namespace tuneward
