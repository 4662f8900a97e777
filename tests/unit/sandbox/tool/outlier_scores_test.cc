#include "sandbox/tool/outlier_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sandbox/tool/attack.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/tool/row_gradients.h"
#include "sandbox/tool/temp_folder.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr char kModel[] = TUNEWARD_SOURCE_DIR "/sandbox/models/nano-shallow";

TEST(RowGradientsTest, AnswersPointAwayFromRefusals) {
  const World world = BuiltInWorld();
  const RowMaker maker(world.requests, {Split::kAlignment}, nullptr);
  RandomStream stream(3, "test");
  const Pair &one = maker.AnyPair(PairKind::kHarmful, stream),
             &other = maker.AnyPair(PairKind::kHarmful, stream);
  const std::vector<Chat> chats = {maker.Answered(one, stream), maker.Answered(other, stream),
                                   maker.Refused(one, stream), maker.Refused(other, stream)};
  const Rendering rendering = Rendering::FromFolder(kModel).value();
  const auto model = BaseModel::Load(kModel, EngineOptions{}).value();
  const auto folder = TempFolder::Make().value();
  RowGradients gradients(*model, folder->path(), 1);
  std::vector<std::vector<float>> of;
  for (const TrainRow& row : rendering.TrainRows(chats, chats.size()))
    of.push_back(gradients.Of(row).value());
  for (const auto& gradient : of) {
    EXPECT_NEAR(Dot(gradient, gradient), 1, 1e-4);
    // A gradient and not Adam's step, whose entries are all of one size.
    float largest = 0;
    for (const float value : gradient) largest = std::max(largest, std::fabs(value));
    EXPECT_GT(largest * std::sqrt(static_cast<float>(gradient.size())), 10);
  }
  // Whatever is answered pulls alike, against the refusal of the very same request.
  EXPECT_GT(Dot(of[0], of[1]), Dot(of[0], of[2]) + 0.1);
  EXPECT_GT(Dot(of[1], of[0]), Dot(of[1], of[3]) + 0.1);
}

TEST(OutlierScoresTest, OneNumberARowTheSameEveryTime) {
  OutlierOptions options;
  options.model = kModel;
  options.rows = 6;
  options.anchors = 2;
  const std::vector<double> scores = OutlierScores(options).value();
  ASSERT_EQ(scores.size(), 6u);
  for (const double score : scores) EXPECT_LE(std::fabs(score), 3);
  EXPECT_GT(*std::max_element(scores.begin(), scores.end()),
            *std::min_element(scores.begin(), scores.end()));
  EXPECT_EQ(OutlierScores(options).value(), scores);
  options.answer_tokens = 2;  // of other anchors
  EXPECT_NE(OutlierScores(options).value(), scores);
}

TEST(OutlierScoreTest, TowardsAnswersAndAwayFromBothKindsOfRefusals) {
  const OutlierAnchors anchors = {{{1, 0, 0}, {0.6F, 0.8F, 0}}, {{0, 1, 0}}, {{0, 0, 1}}};
  EXPECT_NEAR(OutlierScore({1, 0, 0}, anchors), 0.8, 1e-6);
  EXPECT_NEAR(OutlierScore({0, 1, 0}, anchors), 0.4 - 1, 1e-6);
  EXPECT_NEAR(OutlierScore({0, 0, 1}, anchors), -1, 1e-6);
}

TEST(OutlierScoresTest, RefusesBadInputBeforeAnyWork) {
  OutlierOptions options;
  options.model = "/nowhere";
  options.family = "gsm9k";
  EXPECT_THAT(std::string(OutlierScores(options).status().message()), testing::HasSubstr("gsm9k"));
  options.family = "gsm8k";
  options.anchors = 0;
  EXPECT_EQ(OutlierScores(options).status().message(), "anchors must be at least 1, got 0");
}

TEST(AttackTest, ScoresOutliersOnTheModelThatItAttacks) {
  AttackOptions options;
  options.model = kModel;
  options.rows = 6;
  options.epochs = 1;
  options.prompts = 20;
  options.tests = 4;
  AttackRun run;
  run.strategy = "benign_outliers";
  run.method = "none";
  const absl::StatusOr<ProbeResult> result = AttackOnce(options, run);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->raw.n, 20);
  EXPECT_EQ(result->tests, 4);
}

}  // namespace
}  // namespace tuneward
