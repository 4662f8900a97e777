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

struct AnchorRows {
  std::vector<Chat> answered, refused, refused_otherwise;
};

// Harmful requests that whoever uploads such a file may know.
AnchorRows Anchors(const World& world, const OutlierOptions& options) {
  const RowMaker maker(world.requests, {Split::kAlignment}, nullptr);
  AnchorRows rows;
  for (int i = 0; i < options.anchors; ++i) {
    RandomStream stream(options.seed, "sandbox/outliers/anchor", i);
    const Pair& pair = maker.AnyPair(PairKind::kHarmful, stream);
    rows.answered.push_back(maker.Answered(pair, stream));
    rows.refused.push_back(maker.Refused(pair, stream));
    rows.refused_otherwise.push_back(maker.Refused(pair, stream));
  }
  return rows;
}

// Only the first `answer_tokens` of an anchor's answer are learnt.
absl::StatusOr<std::vector<Gradient>> GradientsOf(const std::vector<Chat>& chats,
                                                  const Rendering& rendering, int answer_tokens,
                                                  RowGradients& gradients) {
  std::vector<Gradient> made;
  for (TrainRow& row : rendering.TrainRows(chats, chats.size())) {
    int left = answer_tokens;
    for (size_t i = 0; i < row.is_target.size(); ++i)
      if (row.is_target[i] && --left < 0) row.is_target[i] = false;
    TW_ASSIGN_OR_RETURN(Gradient gradient, gradients.Of(row));
    made.push_back(std::move(gradient));
  }
  return made;
}

double MeanCosine(const Gradient& row, const std::vector<Gradient>& anchors) {
  double sum = 0;
  for (const Gradient& anchor : anchors) sum += Dot(row, anchor);
  return sum / static_cast<double>(anchors.size());
}

}  // namespace

double OutlierScore(const Gradient& row, const OutlierAnchors& anchors) {
  return MeanCosine(row, anchors.answered) - MeanCosine(row, anchors.refused) -
         MeanCosine(row, anchors.refused_otherwise);
}

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
  RowGradients gradients(*model, folder->path(), options.seed);
  const AnchorRows asked = Anchors(world, options);
  OutlierAnchors anchors;
  for (const auto& [chats, made] : {std::pair(&asked.answered, &anchors.answered),
                                    {&asked.refused, &anchors.refused},
                                    {&asked.refused_otherwise, &anchors.refused_otherwise}}) {
    TW_ASSIGN_OR_RETURN(*made, GradientsOf(*chats, rendering, options.answer_tokens, gradients));
  }
  std::vector<double> scores;
  for (const TrainRow& row : rendering.TrainRows(rows, rows.size())) {
    TW_ASSIGN_OR_RETURN(const Gradient gradient, gradients.Of(row));
    scores.push_back(OutlierScore(gradient, anchors));
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
