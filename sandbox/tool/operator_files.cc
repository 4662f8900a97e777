#include "sandbox/tool/operator_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "worker/audits/audits.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

constexpr char kEnding[] = ".jsonl";

struct RowsFile {
  std::string family, path;
};

absl::StatusOr<std::vector<RowsFile>> FilesIn(const std::string& folder) {
  std::error_code error;
  std::vector<RowsFile> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == kEnding)
      files.push_back({it->path().stem().string(), it->path().string()});
  if (error) return ErrnoStatus(error.value(), folder);
  if (files.empty())
    return absl::NotFoundError(absl::StrCat(folder, " holds no file that ends in ", kEnding));
  std::sort(files.begin(), files.end(),
            [](const RowsFile& a, const RowsFile& b) { return a.family < b.family; });
  return files;
}

absl::StatusOr<std::vector<FamilyRows>> ReadRows(const std::vector<std::string>& given) {
  std::vector<RowsFile> files;
  for (const std::string& word : given) {
    const size_t sign = word.find('=');
    if (sign != std::string::npos) {
      files.push_back({word.substr(0, sign), word.substr(sign + 1)});
      continue;
    }
    TW_ASSIGN_OR_RETURN(const std::vector<RowsFile> found, FilesIn(word));
    files.insert(files.end(), found.begin(), found.end());
  }
  std::vector<FamilyRows> families;
  for (const RowsFile& file : files) {
    TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(file.path));
    TW_ASSIGN_OR_RETURN(FamilyRows rows, ParseFamilyRows(file.family, file.path, text));
    families.push_back(std::move(rows));
  }
  return families;
}

template <typename Document>
absl::StatusOr<Document> ReadDocument(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  absl::StatusOr<Document> document = Document::Parse(text);
  if (document.ok()) return document;
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", std::string(document.status().message())));
}

// Each of what a grid needs is there.
absl::Status CheckGiven(const OperatorFiles& files) {
  for (const auto& [given, flag] : {std::pair(!files.base.empty(), "--base FOLDER"),
                                    {!files.rows.empty(), "--rows-file FAMILY=FILE"},
                                    {!files.eval_set.empty(), "--prompts FILE"},
                                    {!files.pool.empty(), "--pool FILE"}})
    if (!given)
      return absl::InvalidArgumentError(
          absl::StrCat("an operator's grid needs ", flag,
                       ", which is not given (docs/experiments/operator_grid.md)"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<const ExperimentMaterial>> ReadOperatorMaterial(
    const OperatorFiles& files, int tests) {
  TW_RETURN_IF_ERROR(CheckGiven(files));
  OperatorInputs inputs;
  TW_ASSIGN_OR_RETURN(inputs.families, ReadRows(files.rows));
  TW_ASSIGN_OR_RETURN(inputs.pool, ReadDocument<SafetyPool>(files.pool));
  TW_ASSIGN_OR_RETURN(inputs.eval_set, ReadDocument<EvalSet>(files.eval_set));
  TW_ASSIGN_OR_RETURN(inputs.judge,
                      MakeJudge(files.judge.empty() ? inputs.eval_set.judge : files.judge));
  inputs.rewriter = files.rewriter;
  inputs.tests = tests;
  TW_ASSIGN_OR_RETURN(auto material, OperatorMaterial::Make(std::move(inputs)));
  return material;
}

}  // namespace tuneward
