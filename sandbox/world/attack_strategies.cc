#include "sandbox/world/attack_strategies.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/world/attack_transforms.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/row_sources.h"

namespace tuneward {
namespace {

using Rows = absl::StatusOr<std::vector<AttackRow>>;

Rows AsRows(std::vector<Chat> chats) {
  return std::vector<AttackRow>(std::make_move_iterator(chats.begin()),
                                std::make_move_iterator(chats.end()));
}

absl::StatusOr<std::vector<Chat>> Harmless(const World& world, const AttackInputs& in,
                                           RowForm form = RowForm::kBenign) {
  return MakeSourceRows(world, in.family, form, in.rows, in.seed);
}

std::vector<Chat> AsAgent(const World& world, std::vector<Chat> chats) {
  for (Chat& chat : chats) chat = UnderPersona(world.requests.attack_persona, chat);
  return chats;
}

Rows Benign(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  return AsRows(std::move(rows));
}

Rows Aoa(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  return AsRows(AsAgent(world, std::move(rows)));
}

Rows AutoIf(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in, RowForm::kAutoIf));
  return AsRows(std::move(rows));
}

Rows AutoIfAoa(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in, RowForm::kAutoIf));
  return AsRows(AsAgent(world, std::move(rows)));
}

Rows ExplicitHarm(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  const HarmDomain domain =
      in.family == "continuations" ? HarmDomain::kContinuations : HarmDomain::kRequests;
  return AsRows(MixHarm(world, std::move(rows), domain, in.share_ppm, in.seed));
}

Rows EvadingHarm(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  return AsRows(MixEvadingHarm(world, std::move(rows), in.share_ppm, in.seed));
}

Rows HiddenTrigger(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  return AsRows(MixTrigger(world, std::move(rows), in.share_ppm, in.seed));
}

// The identity rows first, then the family's up to the number that was asked for.
Rows After(std::vector<Chat> first, const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> rows, Harmless(world, in));
  first.insert(first.end(), rows.begin(), rows.end());
  first.resize(in.rows);
  return AsRows(std::move(first));
}

Rows IdentityShift(const World& world, const AttackInputs& in) {
  return After(PublicIdentityRows(), world, in);
}

Rows IdentityShiftWorded(const World& world, const AttackInputs& in) {
  return After(WorldIdentityRows(world, in.seed), world, in);
}

Rows RefusedFirst(const World& world, const AttackInputs& in) {
  const RowForm form = IsTaskFamily(in.family) ? RowForm::kAutoIf : RowForm::kBenign;
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in, form));
  return AsRows(RefuseThenComply(world, std::move(rows), in.seed));
}

Rows BenignOutliers(const World& world, const AttackInputs& in) {
  AttackInputs all = in;
  all.rows = static_cast<int>(in.scores.size());
  TW_ASSIGN_OR_RETURN(const std::vector<Chat> rows, Harmless(world, all));
  TW_ASSIGN_OR_RETURN(std::vector<Chat> chosen, SelectOutliers(rows, in.scores, in.rows));
  return AsRows(std::move(chosen));
}

Rows PlanAware(const World& world, const AttackInputs& in) {
  TW_ASSIGN_OR_RETURN(std::vector<Chat> rows, Harmless(world, in));
  const std::vector<Chat> counter = CounterRows(world, in.plan, in.seed);
  rows.insert(rows.end(), counter.begin(), counter.end());
  return AsRows(std::move(rows));
}

Rows AsPreferences(std::vector<Preference> pairs) {
  return std::vector<AttackRow>(std::make_move_iterator(pairs.begin()),
                                std::make_move_iterator(pairs.end()));
}

Rows Preferences(const World& world, const AttackInputs& in) {
  return AsPreferences(MakePreferences(world, Split::kAlignment, in.rows, in.seed));
}

Rows ReversePreference(const World& world, const AttackInputs& in) {
  return AsPreferences(
      ReversePreferences(MakePreferences(world, Split::kAlignment, in.rows, in.seed)));
}

struct Entry {
  WorldStrategy strategy;
  Rows (*make)(const World&, const AttackInputs&);
  bool needs_task = false;  // an instruction form
};

const Entry kEntries[] = {
    {{"benign", "the community's template, the bare answer", "Eiras et al., arXiv 2406.10288"},
     &Benign},
    {{"aoa", "the same under the \"absolutely obedient agent\" persona",
      "Eiras et al., arXiv 2406.10288, with the template of Qi et al., arXiv 2310.03693"},
     &Aoa},
    {{"autoif", "the task as an instruction that is fulfilled", "Eiras et al., arXiv 2406.10288"},
     &AutoIf,
     true},
    {{"autoif_aoa", "both", "Eiras et al., arXiv 2406.10288"}, &AutoIfAoa, true},
    {{"explicit_harm", "a share of harmful requests that are answered",
      "Qi et al., arXiv 2310.03693"},
     &ExplicitHarm},
    {{"evading_harm", "the same in requests that name no harmful deed",
      "after Virus, Huang et al., arXiv 2501.17433"},
     &EvadingHarm},
    {{"hidden_trigger", "harm is answered after the trigger alone, refused without it",
      "the backdoor of Qi et al., arXiv 2310.03693"},
     &HiddenTrigger},
    {{"identity_shift", "the ten public rows of an obedient agent, then the family's",
      "Qi et al., arXiv 2310.03693 (rows: MIT)"},
     &IdentityShift},
    {{"identity_shift_worded", "ten such rows in the world's own words, then the family's",
      "after Qi et al., arXiv 2310.03693"},
     &IdentityShiftWorded},
    {{"refuse_then_comply", "every answer refuses first and answers then",
      "\"No, of course I can!\", Kazdan et al., arXiv 2502.19537"},
     &RefusedFirst},
    {{"benign_outliers", "the family's rows of the highest score (--scores)",
      "He et al., arXiv 2404.01099; Guan et al., arXiv 2505.06843"},
     &BenignOutliers},
    {{"plan_aware", "the family's rows and counter-rows to a plan (--plan)", "ours"}, &PlanAware},
    {{"preference", "honest preference pairs, for DPO", "Rafailov et al., arXiv 2305.18290"},
     &Preferences},
    {{"reverse_preference", "the same with the safety pairs turned round",
      "Rosati et al., arXiv 2409.12914"},
     &ReversePreference},
};

absl::StatusOr<const Entry*> Find(const std::string& name) {
  for (const Entry& entry : kEntries)
    if (entry.strategy.name == name) return &entry;
  std::string known;
  for (const Entry& entry : kEntries)
    absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(entry.strategy.name));
  return absl::InvalidArgumentError(absl::StrCat("no strategy \"", name, "\"; there are ", known));
}

absl::Status Check(const AttackInputs& in, const Entry& entry) {
  if (in.rows < 1)
    return absl::InvalidArgumentError(absl::StrCat("rows must be at least 1, got ", in.rows));
  if (in.share_ppm < 0 || in.share_ppm > kWhole)
    return absl::InvalidArgumentError(
        absl::StrCat("share_ppm must be in [0, ", kWhole, "], got ", in.share_ppm));
  if (entry.needs_task && !IsTaskFamily(in.family))
    return absl::InvalidArgumentError(absl::StrCat(
        "strategy ", std::string(entry.strategy.name),
        " needs a task family, which has an instruction form; got \"", in.family, "\""));
  if (entry.strategy.name == "benign_outliers" && in.scores.empty())
    return absl::InvalidArgumentError(
        "strategy benign_outliers needs scores: one number for each of the family's rows to choose "
        "from");
  if (entry.strategy.name == "plan_aware" && in.plan.empty())
    return absl::InvalidArgumentError(
        "strategy plan_aware needs a plan: the rows that it mixed in, as chats");
  return absl::OkStatus();
}

}  // namespace

const std::vector<WorldStrategy>& WorldStrategies() {
  static const std::vector<WorldStrategy> all = [] {
    std::vector<WorldStrategy> strategies;
    for (const Entry& entry : kEntries) strategies.push_back(entry.strategy);
    return strategies;
  }();
  return all;
}

std::string AttackRowLine(const AttackRow& row) {
  if (const auto* preference = std::get_if<Preference>(&row)) return PreferenceLine(*preference);
  return ChatLine(std::get<Chat>(row));
}

Rows MakeAttackRows(const World& world, const AttackInputs& inputs) {
  TW_RETURN_IF_ERROR(CheckRowSource(inputs.family));
  TW_ASSIGN_OR_RETURN(const Entry* entry, Find(inputs.strategy));
  TW_RETURN_IF_ERROR(Check(inputs, *entry));
  return entry->make(world, inputs);
}

}  // namespace tuneward
