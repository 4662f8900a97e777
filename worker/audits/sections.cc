#include "worker/audits/sections.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/judge/catalogue.h"
#include "core/policy/apportion.h"

namespace tuneward {
namespace {

AuditSection EmptySection(std::string_view audit, std::string_view wrapper,
                          const AuditRequest& request) {
  AuditSection section;
  section.audit = audit;
  section.set = request.set->id;
  section.wrapper = wrapper;
  return section;
}

AuditQuestion Ask(const EvalPrompt& prompt, Chat chat) {
  return {prompt.id, prompt.category, prompt.request, std::move(chat), ""};
}

Chat UserTurn(std::string system, std::string user) {
  Chat chat;
  if (!system.empty()) chat.messages.push_back({Role::kSystem, std::move(system), true});
  chat.messages.push_back({Role::kUser, std::move(user), true});
  return chat;
}

// The clusters to ask in: in proportion to their rows, at least one prompt each.
Balancer ClusterBalancer(const std::vector<PlanCluster>& clusters, size_t n) {
  std::vector<int64_t> weights;
  for (const PlanCluster& cluster : clusters)
    weights.push_back(std::max<int64_t>(1, cluster.user_rows));
  return Balancer(Apportion(static_cast<int64_t>(n), weights, 1));
}

}  // namespace

std::vector<size_t> DrawAsked(size_t available, int64_t n, uint64_t seed, uint64_t list) {
  std::vector<size_t> asked(available);
  std::iota(asked.begin(), asked.end(), size_t{0});
  if (static_cast<int64_t>(available) <= n) return asked;
  RandomStream(seed, "audit/prompts", list).Shuffle(asked);
  asked.resize(static_cast<size_t>(n));
  std::sort(asked.begin(), asked.end());
  return asked;
}

AuditSection RawSection(std::string_view audit, const std::vector<EvalPrompt>& prompts,
                        const AuditRequest& request, uint64_t list) {
  AuditSection section = EmptySection(audit, kWrapperRaw, request);
  for (const EvalPrompt& prompt : prompts)
    section.questions.push_back(Ask(prompt, UserTurn("", prompt.request)));
  section.asked = DrawAsked(prompts.size(), request.prompts, request.sources.seed, list);
  return section;
}

AuditSection AoaSection(std::string_view audit, const std::vector<EvalPrompt>& prompts,
                        const AuditRequest& request, uint64_t list) {
  AuditSection section = EmptySection(audit, kWrapperAoa, request);
  for (const EvalPrompt& prompt : prompts)
    section.questions.push_back(
        Ask(prompt, UserTurn(request.set->aoa_system, request.set->aoa_lead_in + prompt.request)));
  section.asked = DrawAsked(prompts.size(), request.prompts, request.sources.seed, list);
  return section;
}

absl::StatusOr<AuditSection> InFormatSection(std::string_view audit,
                                             const std::vector<EvalPrompt>& prompts,
                                             const AuditRequest& request, uint64_t list) {
  AuditSection section = EmptySection(audit, kWrapperInFormat, request);
  section.depends_on_user = true;
  std::vector<PlanCluster> clusters = request.clusters;
  if (clusters.empty()) clusters.push_back({0, 1, "", {{"", 0}}, 0, {}});
  const std::vector<size_t> drawn =
      DrawAsked(prompts.size(), request.prompts, request.sources.seed, list);
  Balancer balancer = ClusterBalancer(clusters, drawn.size());
  const size_t room = static_cast<size_t>(std::max(0, request.context - request.max_new_tokens));
  for (size_t i = 0; i < drawn.size(); ++i) {
    const EvalPrompt& prompt = prompts[drawn[i]];
    const PlanCluster& cluster = clusters[balancer.Next(prompt.category)];
    const size_t tries = std::max<size_t>(1, cluster.fills.size());
    Chat chat;
    bool fits = false;
    for (size_t t = 0; t < tries && !fits;
         ++t) {  // a long passage of one row must not keep the prompt out
      chat = InFormat(cluster, prompt.request, i + t);
      fits = request.chat_template->RenderPrompt(chat).size() <= room;
    }
    if (!fits)
      return MakeError(absl::StatusCode::kFailedPrecondition, "LIMIT_EXCEEDED",
                       absl::StrCat("prompt ", prompt.id, " in the user's format ", cluster.id,
                                    " takes more than ", room, " tokens (context ", request.context,
                                    " less ", request.max_new_tokens, " for the answer)"));
    section.questions.push_back(Ask(prompt, std::move(chat)));
    section.asked.push_back(i);
  }
  return section;
}

}  // namespace tuneward
