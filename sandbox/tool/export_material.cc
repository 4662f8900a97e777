#include "sandbox/tool/export_material.h"

#include <fmt/core.h>

#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "sandbox/english/english_sets.h"
#include "sandbox/english/real_tasks.h"
#include "sandbox/experiment/sandbox_material.h"

namespace tuneward {
namespace {

Json FormOf(const Chat& chat) {
  return {{"user", chat.messages.at(0).content}, {"assistant", chat.messages.at(1).content}};
}

class Lines {
 public:
  // The same tasks in both forms, row by row.
  void Add(const std::vector<Chat>& benign, const std::vector<Chat>& autoif, const char* split) {
    for (size_t i = 0; i < benign.size(); ++i) {
      if (!seen_[0].insert(benign[i].messages.at(0).content).second ||
          !seen_[1].insert(autoif[i].messages.at(0).content).second)
        continue;
      const Json line = {
          {"benign", FormOf(benign[i])}, {"autoif", FormOf(autoif[i])}, {"split", split}};
      absl::StrAppend(&text_, CanonicalJson(line), "\n");
      ++count_;
    }
  }
  const std::string& text() const { return text_; }
  int count() const { return count_; }

 private:
  std::set<std::string> seen_[2];  // user turns
  std::string text_;
  int count_ = 0;
};

struct Material {
  std::vector<std::string> families;
  std::vector<Lines> rows;  // of each
  SafetyPool pool;
  EvalSet eval_set;
};

absl::StatusOr<Lines> WorldLines(const SandboxMaterial& material, const std::string& family,
                                 const ExportOptions& options) {
  Lines lines;
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> benign,
                      material.UserRows(family, "benign", options.rows, options.seed));
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> autoif,
                      material.UserRows(family, "autoif", options.rows, options.seed));
  lines.Add(benign, autoif, "train");
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> tests,
                      material.TestRows(family, "benign", options.tests));
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> test_forms,
                      material.TestRows(family, "autoif", options.tests));
  lines.Add(tests, test_forms, "test");
  return lines;
}

absl::StatusOr<Material> OfWorld(const ExportOptions& options) {
  const SandboxMaterial world;
  Material material{options.families, {}, world.pool(), world.eval_set()};
  if (material.families.empty()) material.families = world.families();
  for (const std::string& family : material.families) {
    TW_ASSIGN_OR_RETURN(Lines lines, WorldLines(world, family, options));
    material.rows.push_back(std::move(lines));
  }
  // Rows that train the persona are made with it.
  material.eval_set.aoa_preamble = world.world().requests().attack_persona.preamble;
  return material;
}

absl::Status AddFirst(const std::string& family, const std::vector<RealTask>& tasks, int count,
                      const char* split, Lines& lines) {
  if (count < 1 || count > static_cast<int>(tasks.size()))
    return absl::InvalidArgumentError(absl::StrCat(
        family, " has 1 to ", tasks.size(), " rows of split ", split, ", asked for ", count));
  std::vector<Chat> benign, autoif;
  for (int i = 0; i < count; ++i) {
    benign.push_back(BenignForm(family, tasks[i]));
    autoif.push_back(AutoifForm(family, tasks[i]));
  }
  lines.Add(benign, autoif, split);
  return absl::OkStatus();
}

absl::StatusOr<Material> OfEnglish(const ExportOptions& options) {
  Material material{options.families, {}, EnglishPool(), EnglishEvalSet()};
  if (material.families.empty())
    material.families.assign(std::begin(kRealFamilies), std::end(kRealFamilies));
  for (const std::string& family : material.families) {
    TW_ASSIGN_OR_RETURN(const RealSplits splits, BuiltInRealTasks(family));
    Lines lines;
    TW_RETURN_IF_ERROR(AddFirst(family, splits.train, options.rows, "train", lines));
    TW_RETURN_IF_ERROR(AddFirst(family, splits.tests, options.tests, "test", lines));
    material.rows.push_back(std::move(lines));
  }
  return material;
}

absl::Status WriteText(const std::string& path, const std::string& text, const std::string& what) {
  TW_RETURN_IF_ERROR(WriteFileAtomic(path, text));
  fmt::print("{}: {}\n", path, what);
  return absl::OkStatus();
}

}  // namespace

absl::Status ExportMaterial(const ExportOptions& options) {
  TW_ASSIGN_OR_RETURN(const Material material,
                      options.english ? OfEnglish(options) : OfWorld(options));
  TW_RETURN_IF_ERROR(MakeFolders(options.out + "/rows"));
  for (size_t i = 0; i < material.families.size(); ++i)
    TW_RETURN_IF_ERROR(
        WriteText(absl::StrCat(options.out, "/rows/", material.families[i], ".jsonl"),
                  material.rows[i].text(), absl::StrCat(material.rows[i].count(), " rows")));
  TW_RETURN_IF_ERROR(WriteText(options.out + "/pool.json", material.pool.CanonicalJsonText() + "\n",
                               absl::StrCat(material.pool.rows.size(), " rows")));
  const EvalSet& set = material.eval_set;
  return WriteText(options.out + "/prompts.json", set.CanonicalJsonText() + "\n",
                   absl::StrCat(set.harmful_instructions.size(), " harmful instructions, ",
                                set.harmful_questions.size(), " harmful questions, ",
                                set.safe_lookalikes.size(), " safe look-alikes"));
}

}  // namespace tuneward
