#include "sandbox/tool/outlier_scores.h"

#include <fmt/core.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/tool/row_gradients.h"
#include "sandbox/tool/temp_folder.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/row_sources.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

using Gradient = std::vector<float>;

absl::Status Check(const OutlierOptions& options) {
  TW_RETURN_IF_ERROR(CheckRowSource(options.family));
  for (const auto& [name, value] : {std::pair("rows", options.rows),
                                    {"anchors", options.anchors},
                                    {"answer tokens", options.answer_tokens}})
    if (value < 1)
      return absl::InvalidArgumentError(absl::StrCat(name, " must be at least 1, got ", value));
  return absl::OkStatus();
}

// Harmful requests that whoever uploads such a file may know, answered or refused.
std::vector<Chat> Anchors(const World& world, const OutlierOptions& options, bool refused) {
  const RowMaker maker(world.requests, {Split::kAlignment}, nullptr);
  std::vector<Chat> chats;
  for (int i = 0; i < options.anchors; ++i) {
    RandomStream stream(options.seed, "sandbox/outliers/anchor", i);
    const Pair& pair = maker.AnyPair(PairKind::kHarmful, stream);
    chats.push_back(refused ? maker.Refused(pair, stream) : maker.Answered(pair, stream));
  }
  return chats;
}

class Scorer {
 public:
  Scorer(const Rendering& rendering, RowGradients gradients, int answer_tokens)
      : rendering_(rendering), gradients_(std::move(gradients)), answer_tokens_(answer_tokens) {}

  absl::StatusOr<Gradient> Of(const Chat& chat) {
    TrainRow row = rendering_.TrainRows({chat}, 1).front();
    int left = answer_tokens_;
    for (size_t i = 0; i < row.is_target.size(); ++i)
      if (row.is_target[i] && --left < 0) row.is_target[i] = false;
    return gradients_.Of(row);
  }

  absl::StatusOr<Gradient> MeanOf(const std::vector<Chat>& chats) {
    Gradient mean;
    for (const Chat& chat : chats) {
      TW_ASSIGN_OR_RETURN(const Gradient gradient, Of(chat));
      mean.resize(gradient.size());
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += gradient[i] / chats.size();
    }
    return mean;
  }

 private:
  const Rendering& rendering_;
  RowGradients gradients_;
  const int answer_tokens_;
};

}  // namespace

absl::StatusOr<std::vector<double>> OutlierScores(const OutlierOptions& options) {
  TW_RETURN_IF_ERROR(Check(options));
  const World world = BuiltInWorld();
  TW_ASSIGN_OR_RETURN(
      const std::vector<Chat> rows,
      MakeSourceRows(world, options.family, RowForm::kBenign, options.rows, options.seed));
  TW_ASSIGN_OR_RETURN(const Rendering rendering, Rendering::FromFolder(options.model));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<BaseModel> model,
                      BaseModel::Load(options.model, options.engine));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<TempFolder> folder, TempFolder::Make());
  Scorer scorer(rendering, RowGradients(*model, folder->path(), options.seed),
                options.answer_tokens);
  TW_ASSIGN_OR_RETURN(const Gradient harmful,
                      scorer.MeanOf(Anchors(world, options, /*refused=*/false)));
  TW_ASSIGN_OR_RETURN(const Gradient refused,
                      scorer.MeanOf(Anchors(world, options, /*refused=*/true)));
  std::vector<double> scores;
  for (const Chat& row : rows) {
    TW_ASSIGN_OR_RETURN(const Gradient gradient, scorer.Of(row));
    scores.push_back(Dot(gradient, harmful) - Dot(gradient, refused));
  }
  return scores;
}

absl::Status WriteOutlierScores(const OutlierOptions& options, const std::string& out_file) {
  TW_ASSIGN_OR_RETURN(const std::vector<double> scores, OutlierScores(options));
  std::string lines;
  for (const double score : scores) lines += fmt::format("{:.6f}\n", score);
  return WriteFileAtomic(out_file, lines);
}

}  // namespace tuneward
