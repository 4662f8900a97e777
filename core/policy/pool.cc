#include "core/policy/pool.h"

#include "core/base/json.h"

namespace tuneward {

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
  Json document = {{"format", "tuneward.pool/1"}, {"id", id}, {"rows", std::move(list)}};
  if (personas.empty()) return CanonicalJson(document);  // as before there were any: same hash
  Json roles = Json::array();
  for (const PoolPersona& persona : personas)
    roles.push_back({{"system", persona.system}, {"lead_in", persona.lead_in}});
  document["personas"] = std::move(roles);
  return CanonicalJson(document);
}

Digest SafetyPool::Hash() const { return Sha256Of(CanonicalJsonText()); }

}  // namespace tuneward
