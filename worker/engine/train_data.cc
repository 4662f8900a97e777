#include "worker/engine/train_data.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/data/row_order.h"
#include "worker/engine/schedule.h"

namespace tuneward {
namespace {

absl::Status BadRow(const TrainRow& row, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("row ", row.id, ": ", what));
}

absl::Status CheckRow(const TrainRow& row, const ModelConfig& config) {
  if (row.tokens.size() != row.is_target.size())
    return BadRow(row, absl::StrCat("has ", row.tokens.size(), " tokens and ", row.is_target.size(),
                                    " target marks"));
  if (static_cast<int64_t>(row.tokens.size()) > config.context)
    return BadRow(
        row, absl::StrCat("has ", row.tokens.size(), " tokens, the context is ", config.context));
  if (std::none_of(row.is_target.begin(), row.is_target.end(), [](bool t) { return t; }))
    return BadRow(row, "has no target token");
  if (row.is_target[0]) return BadRow(row, "its first token is a target, but nothing predicts it");
  for (const TokenId token : row.tokens)
    if (token < 0 || token >= config.vocab)
      return BadRow(row,
                    absl::StrCat("token ", token, " is outside the vocabulary of ", config.vocab));
  return absl::OkStatus();
}

int64_t UserRows(const std::vector<TrainRow>& rows) {
  return std::count_if(rows.begin(), rows.end(), [](const TrainRow& r) { return r.source == 0; });
}

// The user's rows 2i and 2i + 1 answer the same prompt: they have the same tokens before the first
// target.
absl::Status CheckPairs(const std::vector<TrainRow>& rows) {
  const auto users = static_cast<size_t>(UserRows(rows));
  if (users % 2 != 0)
    return absl::InvalidArgumentError(
        absl::StrCat("method dpo needs user rows in pairs (chosen, rejected), got ", users));
  const auto prompt_of = [](const TrainRow& row) {
    const auto first = std::find(row.is_target.begin(), row.is_target.end(), true);
    return std::span(row.tokens).first(static_cast<size_t>(first - row.is_target.begin()));
  };
  for (size_t i = 0; i < users; i += 2) {
    const TrainRow &chosen = rows[i], &rejected = rows[i + 1];
    if (!std::ranges::equal(prompt_of(chosen), prompt_of(rejected)))
      return BadRow(rejected, absl::StrCat("must have the prompt of row ", chosen.id,
                                           ", the chosen answer of its pair"));
  }
  return absl::OkStatus();
}

// User rows (0) before mixed ones (1).
absl::Status CheckSources(const std::vector<TrainRow>& rows) {
  int last = 0;
  for (const TrainRow& row : rows) {
    if (row.source < last || row.source > 1)
      return BadRow(row, absl::StrCat("source ", row.source,
                                      " is out of order: user rows (0) first, then mixed (1)"));
    last = row.source;
  }
  return absl::OkStatus();
}

absl::Status CheckSpec(const TrainSpec& spec) {
  const auto bad = [](const char* name, const char* range, double value) {
    return absl::InvalidArgumentError(absl::StrCat(name, " must be ", range, ", got ", value));
  };
  if (!(spec.dpo_beta > 0 && spec.dpo_beta <= 2))
    return bad("dpo_beta", "in (0, 2]", spec.dpo_beta);
  if (spec.epochs < 1) return bad("epochs", "at least 1", spec.epochs);
  if (spec.batch_size < 1) return bad("batch_size", "at least 1", spec.batch_size);
  if (spec.micro_batch_tokens < 1)
    return bad("micro_batch_tokens", "at least 1", spec.micro_batch_tokens);
  if (!(spec.learning_rate > 0) || !std::isfinite(spec.learning_rate))
    return bad("learning_rate", "above 0", spec.learning_rate);
  if (spec.max_steps < 0)
    return bad("max_steps", "at least 0", static_cast<double>(spec.max_steps));
  if (spec.warmup_steps < 0) return bad("warmup_steps", "at least 0", spec.warmup_steps);
  if (!(spec.warmup_ratio >= 0 && spec.warmup_ratio < 1))
    return bad("warmup_ratio", "in [0, 1)", spec.warmup_ratio);
  if (!(spec.weight_decay >= 0)) return bad("weight_decay", "at least 0", spec.weight_decay);
  if (!(spec.beta1 >= 0 && spec.beta1 < 1)) return bad("beta1", "in [0, 1)", spec.beta1);
  if (!(spec.beta2 >= 0 && spec.beta2 < 1)) return bad("beta2", "in [0, 1)", spec.beta2);
  if (!(spec.epsilon > 0)) return bad("epsilon", "above 0", spec.epsilon);
  if (!(spec.max_grad_norm >= 0)) return bad("max_grad_norm", "at least 0", spec.max_grad_norm);
  if (spec.checkpoint_every < 0)
    return bad("checkpoint_every", "at least 0", spec.checkpoint_every);
  if (spec.eval_every < 0) return bad("eval_every", "at least 0", spec.eval_every);
  if (spec.patience < 0) return bad("patience", "at least 0", spec.patience);
  if (!(spec.min_delta >= 0)) return bad("min_delta", "at least 0", spec.min_delta);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRows(const std::vector<TrainRow>& rows, const ModelConfig& config) {
  for (const TrainRow& row : rows) TW_RETURN_IF_ERROR(CheckRow(row, config));
  return absl::OkStatus();
}

absl::Status CheckTrainInputs(const TrainInputs& inputs, const ModelConfig& config) {
  TW_RETURN_IF_ERROR(CheckSpec(inputs.spec));
  if (inputs.rows.empty()) return absl::InvalidArgumentError("no rows to train on");
  TW_RETURN_IF_ERROR(CheckRows(inputs.rows, config));
  TW_RETURN_IF_ERROR(CheckSources(inputs.rows));
  if (inputs.spec.method == Method::kDpo) {
    if (!inputs.spec.lora)
      return absl::InvalidArgumentError(
          "method dpo needs lora: its reference is the base with the adapter off");
    TW_RETURN_IF_ERROR(CheckPairs(inputs.rows));
    TW_RETURN_IF_ERROR(CheckSources(inputs.eval_rows));
    TW_RETURN_IF_ERROR(CheckPairs(inputs.eval_rows));
  }
  TW_RETURN_IF_ERROR(CheckRows(inputs.eval_rows, config));
  if ((inputs.spec.eval_every > 0) != !inputs.eval_rows.empty())
    return absl::InvalidArgumentError(absl::StrCat("eval_every and eval_rows need each other, got ",
                                                   inputs.spec.eval_every, " and ",
                                                   inputs.eval_rows.size(), " rows"));
  if (inputs.spec.patience > 0 && inputs.spec.eval_every == 0)
    return absl::InvalidArgumentError(absl::StrCat(
        "patience counts evaluations: it needs eval_every, got ", inputs.spec.patience, " and 0"));
  if (inputs.spec.checkpoint_every > 0 && inputs.work_folder.empty())
    return absl::InvalidArgumentError("checkpoint_every needs a work_folder");
  return absl::OkStatus();
}

int64_t LongestUnit(const TrainInputs& inputs) {
  const bool pairs = inputs.spec.method == Method::kDpo;
  size_t longest = 0;
  for (size_t i = 0; i < inputs.rows.size();) {
    const size_t unit = pairs && inputs.rows[i].source == 0 ? 2 : 1;
    size_t tokens = 0;
    for (size_t k = i; k < i + unit; ++k) tokens += inputs.rows[k].tokens.size();
    longest = std::max(longest, tokens);
    i += unit;
  }
  return static_cast<int64_t>(longest);
}

TrainData::TrainData(const TrainInputs& inputs, int64_t micro_batch_tokens, at::Device device)
    : inputs_(inputs),
      micro_batch_tokens_(micro_batch_tokens),
      device_(device),
      pairs_(inputs.spec.method == Method::kDpo),
      user_rows_(UserRows(inputs.rows)) {
  user_units_ = pairs_ ? user_rows_ / 2 : user_rows_;
  units_ = user_units_ + static_cast<int64_t>(inputs.rows.size()) - user_rows_;
  per_epoch_ = (units_ + inputs.spec.batch_size - 1) / inputs.spec.batch_size;
  total_steps_ = TotalSteps(inputs.spec, units_);
}

bool TrainData::HalveMicroBatches() {
  const int64_t longest = LongestUnit(inputs_);
  const int64_t filled = std::min(micro_batch_tokens_, longest * inputs_.spec.batch_size);
  if (filled <= longest) return false;
  micro_batch_tokens_ = std::max(longest, filled / 2);
  return true;
}

Batch TrainData::BatchOf(int64_t step) {
  const int epoch = static_cast<int>((step - 1) / per_epoch_);
  if (epoch != epoch_) {
    order_ = EpochOrder(user_units_, units_ - user_units_, inputs_.spec.seed, epoch);
    epoch_ = epoch;
  }
  const int64_t begin = (step - 1) % per_epoch_ * inputs_.spec.batch_size;
  const int64_t end = std::min(units_, begin + inputs_.spec.batch_size);
  std::vector<const TrainRow*> paired, single;
  for (int64_t i = begin; i < end; ++i) {
    const int64_t unit = order_[i];
    if (pairs_ && unit < user_units_) {
      for (int64_t k = 0; k < 2; ++k) paired.push_back(&inputs_.rows[unit * 2 + k]);
    } else {
      single.push_back(&inputs_.rows[user_rows_ + unit - user_units_]);
    }
  }
  Batch batch;
  batch.rows = static_cast<int64_t>(paired.size() + single.size());
  batch.pairs = static_cast<int64_t>(paired.size() / 2);
  for (const auto* rows : {&paired, &single})
    for (const TrainRow* row : *rows) batch.tokens += static_cast<int64_t>(row->tokens.size());
  for (const TrainRow* row : single)
    batch.targets += std::count(row->is_target.begin(), row->is_target.end(), true);
  const Beginnings beginnings = BeginningsOf(inputs_.spec);
  for (const auto& run : CutByTokens(paired, micro_batch_tokens_, 2))
    batch.micros.push_back(PackPairs(run, inputs_.spec.dpo_beta,
                                     1.0 / static_cast<double>(batch.pairs), device_, beginnings));
  for (const auto& run : CutByTokens(single, micro_batch_tokens_))
    batch.micros.push_back(
        Pack(run, 1.0 / static_cast<double>(batch.targets), device_, beginnings));
  return batch;
}

}  // namespace tuneward
