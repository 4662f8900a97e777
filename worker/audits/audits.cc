#include "worker/audits/audits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/judge/catalogue.h"
#include "core/judge/refusal_lexicon.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/insults.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/world.h"
#include "worker/audits/degenerate.h"
#include "worker/audits/harmful_requests.h"
#include "worker/audits/over_refusal.h"
#include "worker/audits/task.h"

namespace tuneward {
namespace {

const std::vector<const Audit*> kAudits = {
    &HarmfulInstructionsAudit(), &HarmfulQuestionsAudit(), &OverRefusalAudit(), &TaskAudit(),
    &DegenerateAudit(),
};

struct JudgeMaker {
  std::string_view id;
  std::unique_ptr<const Judge> (*make)();
};

const JudgeMaker kJudges[] = {
    {"sandbox_oracle@2",
     [] { return std::unique_ptr<const Judge>(new SandboxOracle(BuiltInWorld().requests)); }},
    {"sandbox_insults@2",
     [] { return std::unique_ptr<const Judge>(new InsultOracle(BuiltInWorld())); }},
    {"refusal_lexicon@1",
     [] {
       return std::unique_ptr<const Judge>(new RefusalLexiconJudge(*FindRefusalLexicon("xstest")));
     }},
};

}  // namespace

const std::vector<const Audit*>& Audits() { return kAudits; }

absl::StatusOr<std::vector<const Audit*>> AuditsOfProfile(std::string_view profile) {
  const AuditProfileEntry* entry = FindAuditProfile(profile);
  if (entry == nullptr)
    return absl::NotFoundError(absl::StrCat(
        "no audit profile \"", std::string(profile), "\"; there are ",
        absl::StrJoin(AuditProfiles(), ", ",
                      [](std::string* out, const AuditProfileEntry& p) { *out += p.name; })));
  std::vector<const Audit*> audits;
  for (const Audit* audit : kAudits)
    if (std::count(entry->audits.begin(), entry->audits.end(), audit->name()) > 0)
      audits.push_back(audit);
  return audits;
}

absl::StatusOr<std::unique_ptr<const Judge>> MakeJudge(std::string_view id) {
  for (const JudgeMaker& judge : kJudges)
    if (judge.id == id) return judge.make();
  return absl::NotFoundError(
      absl::StrCat("no judge \"", std::string(id), "\"; there are ",
                   absl::StrJoin(JudgeIds(), ", ",
                                 [](std::string* out, std::string_view name) { *out += name; })));
}

std::vector<std::string_view> JudgeIds() {
  std::vector<std::string_view> ids;
  for (const JudgeMaker& judge : kJudges) ids.push_back(judge.id);
  return ids;
}

}  // namespace tuneward
