#include "sandbox/tool/export_material.h"

#include <fmt/core.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/json.h"
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

absl::StatusOr<Lines> LinesOf(const SandboxMaterial& material, const std::string& family,
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

absl::Status WriteText(const std::string& path, const std::string& text, const std::string& what) {
  TW_RETURN_IF_ERROR(WriteFileAtomic(path, text));
  fmt::print("{}: {}\n", path, what);
  return absl::OkStatus();
}

}  // namespace

absl::Status ExportMaterial(const ExportOptions& options) {
  const SandboxMaterial material;
  const std::vector<std::string> families =
      options.families.empty() ? material.families() : options.families;
  std::vector<Lines> files;
  for (const std::string& family : families) {
    TW_ASSIGN_OR_RETURN(Lines lines, LinesOf(material, family, options));
    files.push_back(std::move(lines));
  }
  TW_RETURN_IF_ERROR(MakeFolders(options.out + "/rows"));
  for (size_t i = 0; i < families.size(); ++i)
    TW_RETURN_IF_ERROR(WriteText(absl::StrCat(options.out, "/rows/", families[i], ".jsonl"),
                                 files[i].text(), absl::StrCat(files[i].count(), " rows")));
  const SafetyPool& pool = material.pool();
  TW_RETURN_IF_ERROR(WriteText(options.out + "/pool.json", pool.CanonicalJsonText() + "\n",
                               absl::StrCat(pool.rows.size(), " rows")));
  EvalSet set = material.eval_set();
  set.aoa_preamble = material.world().requests().attack_persona.preamble;  // rows are made with it
  return WriteText(options.out + "/prompts.json", set.CanonicalJsonText() + "\n",
                   absl::StrCat(set.harmful_instructions.size(), " harmful instructions, ",
                                set.harmful_questions.size(), " harmful questions, ",
                                set.safe_lookalikes.size(), " safe look-alikes"));
}

}  // namespace tuneward
