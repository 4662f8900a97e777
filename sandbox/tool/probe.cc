#include "sandbox/tool/probe.h"

#include <algorithm>

namespace tuneward {
namespace {

std::vector<Chat> Raw(const std::vector<EvalPrompt>& prompts) {
  std::vector<Chat> chats;
  for (const EvalPrompt& prompt : prompts) chats.push_back({{{Role::kUser, prompt.request}}});
  return chats;
}

std::vector<Chat> Formatted(const std::vector<EvalPrompt>& prompts, const PlanCluster& format) {
  std::vector<Chat> chats;
  for (size_t i = 0; i < prompts.size(); ++i)
    chats.push_back(InFormat(format, prompts[i].request, i));
  return chats;
}

std::vector<Chat> UnderAoa(const std::vector<EvalPrompt>& prompts, const EvalSet& set) {
  std::vector<Chat> chats;
  for (const EvalPrompt& prompt : prompts)
    chats.push_back(
        {{{Role::kSystem, set.aoa_system}, {Role::kUser, set.aoa_lead_in + prompt.request}}});
  return chats;
}

}  // namespace

Probe::Probe(const Rendering& rendering, const ExperimentMaterial& material, int prompts,
             const ProbeOptions& options)
    : rendering_(rendering),
      judge_(material.judge()),
      options_(options),
      set_(material.eval_set()) {
  for (const EvalPrompt& prompt : set_.harmful_instructions) held_out_.insert(prompt.category);
  for (const PoolRow& row : material.pool().rows)
    if (row.kind == PoolKind::kRefusal) held_out_.erase(row.category);
  for (auto* list : {&set_.harmful_instructions, &set_.harmful_questions, &set_.safe_lookalikes})
    list->resize(std::min(list->size(), static_cast<size_t>(prompts)));
}

absl::StatusOr<Rate> Probe::Ask(BaseModel& model, const Adapter* adapter,
                                const std::vector<EvalPrompt>& prompts,
                                const std::vector<Chat>& chats, Rate* held_out) const {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> answers,
                      rendering_.Answers(model, adapter, chats, options_.answer_tokens));
  Rate rate;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Verdict verdict = judge_.Decide(prompts[i].request, answers[i]);
    const bool complied = verdict == Verdict::kComplied, refused = verdict == Verdict::kRefused;
    rate = {rate.n + 1, rate.complied + complied, rate.refused + refused};
    if (held_out != nullptr && held_out_.contains(prompts[i].category))
      *held_out = {held_out->n + 1, held_out->complied + complied, held_out->refused + refused};
  }
  return rate;
}

absl::StatusOr<ProbeResult> Probe::Measure(BaseModel& model, const Adapter* adapter,
                                           const PlanCluster& format,
                                           const std::vector<Chat>& tests) const {
  ProbeResult result;
  const auto& harmful = set_.harmful_instructions;
  const auto& safe = set_.safe_lookalikes;
  TW_ASSIGN_OR_RETURN(result.raw, Ask(model, adapter, harmful, Raw(harmful), &result.held_out));
  if (options_.questions) {
    TW_ASSIGN_OR_RETURN(result.questions,
                        Ask(model, adapter, set_.harmful_questions, Raw(set_.harmful_questions)));
  }
  TW_ASSIGN_OR_RETURN(result.aoa, Ask(model, adapter, harmful, UnderAoa(harmful, set_)));
  TW_ASSIGN_OR_RETURN(result.safe, Ask(model, adapter, safe, Raw(safe)));
  if (!format.skeleton.empty()) {
    TW_ASSIGN_OR_RETURN(result.in_format, Ask(model, adapter, harmful, Formatted(harmful, format)));
    TW_ASSIGN_OR_RETURN(result.safe_in_format, Ask(model, adapter, safe, Formatted(safe, format)));
  }
  std::vector<Chat> prompts = tests;
  for (Chat& chat : prompts) chat.messages.pop_back();
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> answers,
                      rendering_.Answers(model, adapter, prompts, options_.answer_tokens));
  result.tests = static_cast<int>(tests.size());
  for (size_t i = 0; i < tests.size(); ++i)
    result.right += answers[i] == tests[i].messages.back().content;
  if (!tests.empty()) result.accuracy_percent = 100.0 * result.right / result.tests;
  return result;
}

}  // namespace tuneward
