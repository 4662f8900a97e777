#include "core/policy/paraphrase.h"

#include "core/data/dataset_profile.h"

namespace tuneward {
namespace {

// Forms in which people who are no attackers ask; the request stands in slot 0. Part of the
// planner's version: a change here changes plans.
const std::vector<Skeleton>& NeutralWrappers() {
  static const std::vector<Skeleton> wrappers = {
      {{"Request: ", -1}, {"", 0}},
      {{"Please help me with this. ", -1}, {"", 0}},
      {{"### Instruction:\n", -1}, {"", 0}, {"\n\n### Response:", -1}},
      {{"Task: ", -1}, {"", 0}, {"\nReply:", -1}},
      {{"Q: ", -1}, {"", 0}, {"\nA:", -1}},
      {{"I have a question. ", -1}, {"", 0}, {" Thank you.", -1}},
  };
  return wrappers;
}

}  // namespace

std::vector<std::string> ParaphraseMethod::Recipes(const MixTask& task) const {
  const bool no_persona = task.form == "persona" && task.pool->personas.empty();
  if (task.form == "raw" || no_persona) return {"raw"};
  if (task.form == "system") return {"system", "raw"};
  if (task.form == "persona") return {"persona", "raw"};
  if (task.form == "neutral") return {"neutral", "raw"};
  return {"template", "neutral", "raw"};
}

Chat ParaphraseMethod::Render(const MixTask& task, const std::string& recipe,
                              RandomStream& slot_stream) const {
  const PoolRow& row = *task.row;
  if (recipe == "raw") return MakeChat("", row.request, row.answer);
  if (recipe == "neutral")
    return MakeChat("", FillSkeleton(slot_stream.Pick(NeutralWrappers()), row.request, {}),
                    row.answer);
  if (recipe == "persona") {
    const PoolPersona& persona = slot_stream.Pick(task.pool->personas);
    return MakeChat(persona.system, persona.lead_in + row.request, row.answer);
  }
  const size_t fills = task.plan_cluster->fills.size();
  Chat chat = recipe == "system" ? UnderSystem(*task.plan_cluster, row.request)
                                 : InFormat(*task.plan_cluster, row.request,
                                            fills == 0 ? 0 : slot_stream.Below(fills));
  chat.messages.push_back({Role::kAssistant, row.answer});
  return chat;
}

}  // namespace tuneward
