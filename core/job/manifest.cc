#include "core/job/manifest.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"

namespace tuneward {
namespace {
constexpr char kFormat[] = "tuneward.manifest/1";
}

std::string Manifest::CanonicalJsonText() const {
  const std::set<int64_t> lines(dropped_lines.begin(), dropped_lines.end());
  Json json = {{"format", kFormat},
               {"base_tree", base_tree},
               {"file", file_sha},
               {"plan", plan_sha},
               {"dropped_lines", lines},
               {"chat_template", chat_template},
               {"max_tokens", max_tokens},
               {"on_overlong", std::string(OnOverlongName(on_overlong))},
               {"hyperparameters", hyperparameters.ToJson()},
               {"defences", Json::array()},
               {"seed", hyperparameters.seed},
               {"random", kRandomScheme},
               {"engine_mode", engine_mode}};
  if (!validation_sha.empty()) json["validation_file"] = validation_sha;
  return CanonicalJson(json);
}

Digest Manifest::Hash() const { return Sha256Of(CanonicalJsonText()); }

absl::StatusOr<Manifest> Manifest::Parse(std::string_view json_text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(json_text));
  Violations problems;
  Manifest m;
  ObjectReader reader(json, "", problems);
  if (reader.String("format") != kFormat) problems.Add("format", absl::StrCat("must be ", kFormat));
  if (reader.String("random") != kRandomScheme)
    problems.Add("random", absl::StrCat("must be ", kRandomScheme));
  for (auto [key, value] :
       {std::pair{"base_tree", &m.base_tree}, {"file", &m.file_sha}, {"plan", &m.plan_sha}}) {
    *value = reader.String(key);
    if (!Digest::FromHex(*value).ok())
      problems.Add(key, absl::StrCat("must be a SHA-256 in hex, got \"", *value, "\""));
  }
  m.validation_sha = reader.String("validation_file", /*required=*/false);
  if (!m.validation_sha.empty() && !Digest::FromHex(m.validation_sha).ok())
    problems.Add("validation_file",
                 absl::StrCat("must be a SHA-256 in hex, got \"", m.validation_sha, "\""));
  if (const Json* lines = reader.Array("dropped_lines"))
    for (const Json& line : *lines) {
      if (line.is_number_integer())
        m.dropped_lines.push_back(line.get<int64_t>());
      else
        problems.Add("dropped_lines", "must hold integers");
    }
  m.chat_template = reader.String("chat_template");
  m.max_tokens = reader.Int("max_tokens", 1, INT64_MAX);
  if (auto overlong = ParseOnOverlong(reader.String("on_overlong")); overlong.ok())
    m.on_overlong = *overlong;
  else
    problems.Add("on_overlong", std::string(overlong.status().message()));
  if (const Json* defences = reader.Array("defences"); defences != nullptr && !defences->empty())
    problems.Add("defences", "this version knows none");
  const int64_t seed = reader.Int("seed", 0, INT64_MAX);
  m.engine_mode = reader.String("engine_mode");
  if (m.engine_mode != kIsolated && m.engine_mode != kShared)
    problems.Add("engine_mode",
                 absl::StrCat("must be isolated or shared, got \"", m.engine_mode, "\""));
  if (const Json* hyperparameters = reader.Object("hyperparameters")) {
    auto resolved = ResolvedHyperparameters::FromJson(*hyperparameters);
    if (!resolved.ok()) return resolved.status();
    m.hyperparameters = *std::move(resolved);
    if (m.hyperparameters.seed != static_cast<uint64_t>(seed))
      problems.Add("seed", "differs from hyperparameters.seed");
  }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return m;
}

}  // namespace tuneward
