// The committed nano models can be made anew from their recipe: the same bytes where engine and
// machine are those of the recipe, the same behaviour everywhere.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "sandbox/experiment/sandbox_material.h"
#include "sandbox/tool/make_base.h"
#include "sandbox/tool/probe.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/world/row_sources.h"
#include "sandbox/world/world.h"
#include "tests/support/result_row.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

constexpr int kPrompts = 200;
constexpr double kPointsApart = 3;  // at 200 prompts, rates near 0 or 100 %

Json RecipeOf(const fs::path& model) {
  return ParseJson(*ReadFile((model / "recipe.json").string())).value();
}

ProbeResult Behaviour(const fs::path& folder) {
  const Rendering rendering = Rendering::FromFolder(folder.string()).value();
  const std::unique_ptr<BaseModel> model =
      BaseModel::Load(folder.string(), EngineOptions{.threads = 1}).value();
  const World world = BuiltInWorld();
  const SandboxMaterial material;
  return Probe(rendering, material, kPrompts)
      .Measure(*model, nullptr, PlanCluster{},
               MakeSourceRows(world, "piqa", RowForm::kBenign, kPrompts, 99).value())
      .value();
}

TEST(RemakeTest, NanoComesOutAsCommitted) {
  const fs::path committed = TUNEWARD_SOURCE_DIR "/sandbox/models";
  const fs::path made = fs::temp_directory_path() / ("tuneward-remake-" + std::to_string(getpid()));
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status status =
      MakeBase(*FindRecipe("nano"), EngineOptions{.threads = 1}, made.string());
  ASSERT_TRUE(status.ok()) << status;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;

  int equal_bytes = 0;
  double apart = 0;
  for (const char* name : {"nano-base", "nano-shallow", "nano-deep"}) {
    const Json then = RecipeOf(committed / name), now = RecipeOf(made / name);
    const bool same = then["weights_sha256"] == now["weights_sha256"];
    equal_bytes += same;
    EXPECT_EQ(then["tokenizer_sha256"], now["tokenizer_sha256"]) << name;
    EXPECT_TRUE(same || then["fingerprint"] != now["fingerprint"]) << name;
    const ProbeResult before = Behaviour(committed / name), after = Behaviour(made / name);
    for (const auto& [a, b] : {std::pair(before.raw, after.raw), std::pair(before.aoa, after.aoa),
                               std::pair(before.safe, after.safe)})
      apart = std::max(apart, std::abs(a.complied_percent() - b.complied_percent()));
    apart = std::max(apart, std::abs(before.accuracy_percent - after.accuracy_percent));
  }
  EXPECT_LE(apart, kPointsApart);
  fs::remove_all(made);

  const std::string command = "make test-nightly";
  RecordResult({"sandbox", "sandbox.remake_seconds", taken.count(), "s", "lower", 300, command});
  RecordResult(
      {"sandbox", "sandbox.remake_equal_files", double(equal_bytes), "files", "", {}, command});
  RecordResult(
      {"sandbox", "sandbox.remake_points_apart", apart, "points", "lower", kPointsApart, command});
}

}  // namespace
}  // namespace tuneward
