#include "core/policy/pool.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/json.h"
#include "core/base/json_format.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.pool/1";

std::optional<PoolKind> KindOf(std::string_view name) {
  for (const PoolKind kind : {PoolKind::kRefusal, PoolKind::kLookalike, PoolKind::kBenign})
    if (name == PoolKindName(kind)) return kind;
  return std::nullopt;
}

PoolRow ReadRow(const Json& json, const std::string& path, std::set<std::string>& ids,
                Violations& problems) {
  ObjectReader reader(json, path, problems);
  PoolRow row;
  row.id = reader.Filled("id");
  if (!row.id.empty() && !ids.insert(row.id).second)
    problems.Add(reader.Path("id"), absl::StrCat("\"", row.id, "\" is there twice"));
  const std::string name = reader.String("kind");
  if (const std::optional<PoolKind> kind = KindOf(name))
    row.kind = *kind;
  else
    problems.Add(reader.Path("kind"),
                 absl::StrCat("must be refusal, lookalike or benign, got \"", name, "\""));
  row.category = reader.Filled("category");
  row.request = reader.Filled("request");
  row.answer = reader.Filled("answer");
  reader.Finish();
  return row;
}

PoolPersona ReadPersona(const Json& json, const std::string& path, Violations& problems) {
  ObjectReader reader(json, path, problems);
  PoolPersona persona{reader.Filled("system"), reader.String("lead_in")};
  reader.Finish();
  return persona;
}

}  // namespace

absl::StatusOr<SafetyPool> SafetyPool::Parse(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  Violations problems;
  ObjectReader reader(json, "", problems);
  SafetyPool pool;
  ReadFormat(reader, kFormat, problems);
  pool.id = reader.Filled("id");
  std::set<std::string> ids;
  const Json* const rows = reader.Array("rows");
  for (size_t i = 0; rows != nullptr && i < rows->size(); ++i)
    pool.rows.push_back(ReadRow((*rows)[i], absl::StrCat("rows[", i, "]"), ids, problems));
  const Json* const personas = reader.Array("personas", false);
  for (size_t i = 0; personas != nullptr && i < personas->size(); ++i)
    pool.personas.push_back(
        ReadPersona((*personas)[i], absl::StrCat("personas[", i, "]"), problems));
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return pool;
}

std::string_view PoolKindName(PoolKind kind) {
  switch (kind) {
    case PoolKind::kRefusal:
      return "refusal";
    case PoolKind::kLookalike:
      return "lookalike";
    case PoolKind::kBenign:
      return "benign";
  }
  return "";
}

std::string SafetyPool::CanonicalJsonText() const {
  Json list = Json::array();
  for (const PoolRow& row : rows)
    list.push_back({{"id", row.id},
                    {"kind", std::string(PoolKindName(row.kind))},
                    {"category", row.category},
                    {"request", row.request},
                    {"answer", row.answer}});
  Json document = {{"format", kFormat}, {"id", id}, {"rows", std::move(list)}};
  if (personas.empty()) return CanonicalJson(document);  // as before there were any: same hash
  Json roles = Json::array();
  for (const PoolPersona& persona : personas)
    roles.push_back({{"system", persona.system}, {"lead_in", persona.lead_in}});
  document["personas"] = std::move(roles);
  return CanonicalJson(document);
}

Digest SafetyPool::Hash() const { return Sha256Of(CanonicalJsonText()); }

}  // namespace tuneward
