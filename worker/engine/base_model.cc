#include <ATen/Version.h>
#include <torch/version.h>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "worker/engine/engine.h"
#include "worker/engine/generator.h"
#include "worker/engine/guarded.h"
#include "worker/engine/merge.h"
#include "worker/engine/peft.h"
#include "worker/engine/row_batch.h"
#include "worker/engine/shared_trainer.h"
#include "worker/engine/train_data.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

constexpr int64_t kNllTokens = 8192;

at::ScalarType TypeOf(Precision precision) {
  return precision == Precision::kFloat32 ? at::kFloat : at::kBFloat16;
}

class BaseModelImpl final : public BaseModel {
 public:
  BaseModelImpl(std::string config_json, const ModelConfig& config, Weights weights,
                EngineOptions options)
      : config_json_(std::move(config_json)),
        config_(config),
        weights_(std::move(weights)),
        options_(std::move(options)),
        decoder_(config_, weights_, at::Device(options_.device)) {
    if (options_.prefix_cache_bytes > 0) prefixes_.emplace(options_.prefix_cache_bytes);
  }

  int context() const override { return static_cast<int>(config_.context); }
  int vocab_size() const override { return static_cast<int>(config_.vocab); }

  std::string fingerprint() const override {
    return absl::StrCat("tuneward-engine/2 torch ", TORCH_VERSION, " ", options_.device, " ",
                        at::get_cpu_capability(), " threads ", options_.threads, " ",
                        options_.precision == Precision::kFloat32 ? "float32" : "bfloat16");
  }

  absl::StatusOr<TrainOutcome> Train(const TrainInputs& inputs, const std::string& out_folder,
                                     TrainObserver& observer) override {
    at::set_num_threads(options_.threads);
    return Guarded("training", [&]() -> absl::StatusOr<TrainOutcome> {
      TW_ASSIGN_OR_RETURN(const auto defence, MakeDefence("none"));
      if (!inputs.spec.lora) {
        if (options_.precision != Precision::kFloat32)
          return absl::FailedPreconditionError("full-parameter training needs precision float32");
        if (prefixes_) prefixes_->Clear();  // they are of the weights as they were
        return RunTraining(decoder_, nullptr, inputs, fingerprint(), *defence, observer);
      }
      TW_ASSIGN_OR_RETURN(const auto adapter, Adapter::Make(config_, *inputs.spec.lora,
                                                            inputs.spec.seed, decoder_.device()));
      TW_ASSIGN_OR_RETURN(
          const TrainOutcome outcome,
          RunTraining(decoder_, adapter.get(), inputs, fingerprint(), *defence, observer));
      if (!outcome.stopped) TW_RETURN_IF_ERROR(WriteAdapter(*adapter, out_folder));
      return outcome;
    });
  }

  void TrainTogether(const std::vector<TrainTogetherJob>& jobs,
                     const OnTrained& on_trained) override {
    at::set_num_threads(options_.threads);
    std::vector<bool> ended(jobs.size());
    const auto end = [&](size_t job, absl::StatusOr<TrainOutcome> outcome) {
      ended[job] = true;
      on_trained(job, std::move(outcome));
    };
    const absl::Status status =
        Guarded("training together", [&] { return RunTogether(jobs, end); });
    for (size_t job = 0; job < jobs.size(); ++job)
      if (!ended[job]) end(job, status);
  }

  absl::Status Save(const std::string& folder, Precision precision) const override {
    return Guarded("saving", [&] { return SaveWeights(folder, weights_, precision); });
  }

  absl::Status SaveMerged(const std::string& folder, const Adapter& adapter,
                          Precision precision) const override {
    return Guarded("merging",
                   [&] { return SaveWeights(folder, MergeAdapter(weights_, adapter), precision); });
  }

  absl::StatusOr<std::shared_ptr<const Adapter>> LoadAdapter(const std::string& folder) override {
    return Guarded("loading an adapter", [&]() -> absl::StatusOr<std::shared_ptr<const Adapter>> {
      TW_ASSIGN_OR_RETURN(auto adapter, ReadAdapter(folder, config_, decoder_.device()));
      adapter->set_id(++adapters_);
      return std::shared_ptr<const Adapter>(std::move(adapter));
    });
  }

  absl::StatusOr<std::vector<Generation>> GenerateRows(const std::vector<GenerationRow>& rows,
                                                       const OnToken& on_token,
                                                       const OnEnd& on_end) override {
    at::set_num_threads(options_.threads);
    return Guarded("generation", [&] { return RunGeneration(decoder_, rows, on_token, on_end); });
  }

  std::unique_ptr<RowBatch> NewRowBatch(OnToken on_token, OnEnd on_end) override {
    return MakeRowBatch(decoder_, options_.threads, prefixes_ ? &*prefixes_ : nullptr,
                        std::move(on_token), std::move(on_end));
  }

  int64_t prefix_cache_bytes() const override { return prefixes_ ? prefixes_->bytes() : 0; }

  absl::StatusOr<std::vector<double>> Nll(const std::vector<TrainRow>& rows,
                                          const Adapter* adapter) override {
    at::set_num_threads(options_.threads);
    return Guarded("nll", [&]() -> absl::StatusOr<std::vector<double>> {
      TW_RETURN_IF_ERROR(CheckRows(rows, config_));
      const at::NoGradGuard no_grad;
      std::vector<const TrainRow*> all;
      for (const TrainRow& row : rows) all.push_back(&row);
      std::vector<double> means;
      for (const auto& run : CutByTokens(all, kNllTokens)) {
        const PackedBatch batch = Pack(run, 1, decoder_.device());
        const ForwardOut out = decoder_.Forward(batch, adapter);
        const at::Tensor nll_N =
            decoder_.head().Nll(out.at_targets_ND, batch.target_N, batch.weight_N).nll_N.cpu();
        for (const RowRef& ref : batch.rows)
          means.push_back(
              nll_N.narrow(0, ref.first_target, ref.targets).mean(at::kDouble).item<double>());
      }
      return means;
    });
  }

 private:
  absl::Status RunTogether(const std::vector<TrainTogetherJob>& jobs, const OnTrained& end) {
    std::vector<std::unique_ptr<Adapter>> adapters;
    std::vector<std::unique_ptr<Defence>> defences;
    std::vector<TrainRun::Parts> parts;
    std::vector<size_t> index;  // of each part among the jobs
    for (size_t job = 0; job < jobs.size(); ++job) {
      const TrainInputs& inputs = *jobs[job].inputs;
      if (!inputs.spec.lora) {
        end(job, absl::InvalidArgumentError("training together needs lora"));
        continue;
      }
      auto adapter = Adapter::Make(config_, *inputs.spec.lora, inputs.spec.seed, decoder_.device());
      if (!adapter.ok()) {
        end(job, adapter.status());
        continue;
      }
      TW_ASSIGN_OR_RETURN(auto defence, MakeDefence("none"));
      parts.push_back({decoder_, adapter->get(), inputs, *defence, *jobs[job].observer});
      adapters.push_back(*std::move(adapter));
      defences.push_back(std::move(defence));
      index.push_back(job);
    }
    RunSharedTraining(parts, fingerprint(), [&](size_t i, absl::StatusOr<TrainOutcome> outcome) {
      if (outcome.ok() && !outcome->stopped)
        if (const absl::Status written = WriteAdapter(*adapters[i], jobs[index[i]].out_folder);
            !written.ok())
          outcome = written;
      end(index[i], std::move(outcome));
    });
    return absl::OkStatus();
  }

  absl::Status SaveWeights(const std::string& folder, const Weights& weights,
                           Precision precision) const {
    TW_RETURN_IF_ERROR(MakeFolders(folder));
    TW_ASSIGN_OR_RETURN(
        const std::string config,
        ConfigWithDtype(config_json_, precision == Precision::kFloat32 ? "float32" : "bfloat16"));
    TW_RETURN_IF_ERROR(WriteFileAtomic(folder + "/config.json", config));
    return SaveTensors(folder + "/model.safetensors",
                       WeightsToTensors(config_, weights, TypeOf(precision)));
  }

  std::string config_json_;
  ModelConfig config_;
  Weights weights_;
  EngineOptions options_;
  Decoder decoder_;  // borrows weights_
  std::optional<PrefixCache> prefixes_;
  uint64_t adapters_ = 0;  // loaded so far
};

absl::Status CheckOptions(const EngineOptions& options) {
  if (options.prefix_cache_bytes < 0)
    return absl::InvalidArgumentError(
        absl::StrCat("prefix_cache_bytes must be at least 0, got ", options.prefix_cache_bytes));
  if (options.threads < 1 || options.threads > 1024)
    return absl::InvalidArgumentError(
        absl::StrCat("threads must be in [1, 1024], got ", options.threads));
  if (options.device != "cpu" && !options.device.starts_with("cuda:"))
    return absl::InvalidArgumentError(
        absl::StrCat("device must be cpu or cuda:<n>, got '", options.device, "'"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BaseModel>> BaseModel::Load(const std::string& folder,
                                                           const EngineOptions& options) {
  TW_RETURN_IF_ERROR(CheckOptions(options));
  at::set_num_threads(options.threads);
  return Guarded("loading a model", [&]() -> absl::StatusOr<std::unique_ptr<BaseModel>> {
    TW_ASSIGN_OR_RETURN(std::string json, ReadFile(folder + "/config.json", 1 << 20));
    auto config = ParseModelConfig(json);
    if (!config.ok())
      return absl::Status(config.status().code(),
                          absl::StrCat(folder, "/", std::string(config.status().message())));
    TW_ASSIGN_OR_RETURN(Weights weights, LoadWeights(*config, folder, TypeOf(options.precision),
                                                     at::Device(options.device)));
    return std::make_unique<BaseModelImpl>(std::move(json), *config, std::move(weights), options);
  });
}

absl::StatusOr<std::unique_ptr<BaseModel>> BaseModel::Create(const std::string& config_json,
                                                             uint64_t seed,
                                                             const EngineOptions& options) {
  TW_RETURN_IF_ERROR(CheckOptions(options));
  at::set_num_threads(options.threads);
  return Guarded("creating a model", [&]() -> absl::StatusOr<std::unique_ptr<BaseModel>> {
    TW_ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(config_json));
    Weights weights =
        FreshWeights(config, seed, TypeOf(options.precision), at::Device(options.device));
    return std::make_unique<BaseModelImpl>(config_json, config, std::move(weights), options);
  });
}

}  // namespace tuneward
