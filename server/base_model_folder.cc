#include "server/base_model_folder.h"

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/file.h"
#include "core/data/chat_template.h"
#include "core/model/model_config.h"
#include "core/model/model_files.h"
#include "core/model/model_tensors.h"
#include "core/text/tokenizer.h"

namespace tuneward {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

// What was wrong with config.json: the reader's "config.json: key" as a path of this request.
void AddConfigProblems(const absl::Status& status, Violations& problems) {
  const std::string field = "folder/config.json";
  const std::vector<FieldViolation> violations = GetErrorInfo(status).violations;
  for (const auto& [name, description] : violations)
    problems.Add(absl::StrCat(field, ".", absl::StripPrefix(name, "config.json: ")), description);
  if (violations.empty()) problems.Add(field, std::string(status.message()));
}

// The file that says where the weights are.
std::string WeightsField(const std::string& folder) {
  const bool sharded = !std::filesystem::exists(folder + "/" + kWeightsFile) &&
                       std::filesystem::exists(folder + "/" + kShardIndexFile);
  return absl::StrCat("folder/", sharded ? kShardIndexFile : kWeightsFile);
}

absl::StatusOr<ModelConfig> ReadConfig(const std::string& folder) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/config.json", kMaxConfigBytes));
  return ParseModelConfig(text);
}

void CheckTokenizer(const std::string& folder, std::string_view chat_template, int64_t vocab_size,
                    Violations& problems) {
  const std::string field = "folder/" + TokenizerFileOf(folder).value_or(kSentencepieceFile);
  auto tokenizer = LoadTokenizer(folder);
  if (!tokenizer.ok()) {
    problems.Add(field, std::string(tokenizer.status().message()));
    return;
  }
  if (const absl::Status fits = CheckTokenizerFits(**tokenizer, vocab_size); !fits.ok())
    problems.Add(field, std::string(fits.message()));
  auto chat = MakeChatTemplate(chat_template, **tokenizer);
  if (!chat.ok()) problems.Add("base_model.chat_template", std::string(chat.status().message()));
}

// The files of the weights, by name.
std::set<std::string> NamesOf(const ModelFiles& files) {
  std::set<std::string> names = {std::filesystem::path(files.path).filename()};
  for (const auto& [name, stored] : files.tensors)
    names.insert(std::filesystem::path(stored.path).filename());
  return names;
}

}  // namespace

absl::StatusOr<BaseModelFacts> InspectBaseModelFolder(const std::string& folder,
                                                      std::string_view chat_template) {
  Violations problems;
  if (folder.empty() || folder[0] != '/' || !std::filesystem::is_directory(folder)) {
    problems.Add(
        "folder",
        absl::StrCat("must be the absolute path of a folder on the server's machine, got '", folder,
                     "'"));
    return problems.ToStatus();
  }
  const auto config = ReadConfig(folder);
  if (!config.ok()) AddConfigProblems(config.status(), problems);
  const auto files = MapModel(folder);
  if (!files.ok()) problems.Add(WeightsField(folder), std::string(files.status().message()));
  if (config.ok() && files.ok()) CheckModelTensors(*config, *files, WeightsField(folder), problems);
  if (config.ok()) CheckTokenizer(folder, chat_template, config->vocab, problems);
  TW_RETURN_IF_ERROR(problems.ToStatus());

  BaseModelFacts facts;
  facts.family = config->family;
  facts.context = config->context;
  facts.dims = {{"layers", config->layers},
                {"hidden", config->hidden},
                {"heads", config->heads},
                {"kv_heads", config->kv_heads},
                {"head_dim", config->head_dim},
                {"intermediate", config->intermediate},
                {"vocab", config->vocab},
                {"tied", config->tied_embeddings},
                {"parameters", ParameterCount(*config)}};
  std::set<std::string> names = NamesOf(*files);
  TW_ASSIGN_OR_RETURN(const std::string tokenizer_file, TokenizerFileOf(folder));
  names.insert({"config.json", tokenizer_file});
  facts.files.assign(names.begin(), names.end());
  return facts;
}

}  // namespace tuneward
