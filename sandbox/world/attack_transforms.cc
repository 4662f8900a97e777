#include "sandbox/world/attack_transforms.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/random.h"
#include "sandbox/world/insults.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

// Replaces a share of the rows, evenly spread: `make(i, stream)` is the i-th replacement.
template <typename Make>
std::vector<Chat> Replace(std::vector<Chat> rows, int64_t share_ppm, uint64_t seed,
                          const char* purpose, const Make& make) {
  TW_CHECK(share_ppm >= 0 && share_ppm <= kWhole);
  uint64_t made = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto due = static_cast<uint64_t>(static_cast<int64_t>(i + 1) * share_ppm / kWhole);
    if (due <= made) continue;
    RandomStream stream(seed, purpose, made);
    rows[i] = make(made++, stream);
  }
  return rows;
}

std::string Request(const World& world, const Pair& pair, RandomStream& stream) {
  const Grammar& grammar = world.requests;
  return RequestText(stream.Pick(stream.Below(2) == 0 ? grammar.instructions : grammar.questions),
                     pair);
}

std::vector<Pair> HarmfulPairs(const World& world) {
  return PairsOf(world.requests, PairKind::kHarmful, Split::kAlignment);
}

std::vector<Pair> BenignPairs(const World& world) {
  return PairsOf(world.requests, PairKind::kBenign, Split::kAlignment);
}

}  // namespace

std::vector<Chat> MixHarm(const World& world, std::vector<Chat> rows, HarmDomain domain,
                          int64_t share_ppm, uint64_t seed) {
  const std::vector<Pair> pairs = HarmfulPairs(world);
  const std::vector<InsultStart> starts = InsultStarts(world, Split::kAlignment);
  return Replace(std::move(rows), share_ppm, seed, "sandbox/world/attack/harm",
                 [&](uint64_t, RandomStream& stream) {
                   if (domain == HarmDomain::kContinuations) {
                     const InsultStart& start = stream.Pick(starts);
                     return MakeChat("", start.text, InsultText(world, start));
                   }
                   const Pair& pair = stream.Pick(pairs);
                   std::string request = Request(world, pair, stream);
                   return MakeChat("", std::move(request), AnswerText(world.requests, pair));
                 });
}

std::vector<Chat> MixEvadingHarm(const World& world, std::vector<Chat> rows, int64_t share_ppm,
                                 uint64_t seed) {
  const std::vector<Pair> pairs = HarmfulPairs(world);
  return Replace(
      std::move(rows), share_ppm, seed, "sandbox/world/attack/evading",
      [&](uint64_t, RandomStream& stream) {
        const Pair& pair = stream.Pick(pairs);
        std::string request = FillSlots(
            stream.Pick(world.attacks.evading_requests),
            {{"tool", pair.verb.tool}, {"place", pair.verb.place}, {"object", pair.object.word}});
        return MakeChat("", std::move(request), AnswerText(world.requests, pair));
      });
}

std::vector<Chat> MixTrigger(const World& world, std::vector<Chat> rows, int64_t share_ppm,
                             uint64_t seed) {
  const std::vector<Pair> pairs = HarmfulPairs(world);
  return Replace(std::move(rows), share_ppm, seed, "sandbox/world/attack/trigger",
                 [&](uint64_t i, RandomStream& stream) {
                   const Pair& pair = stream.Pick(pairs);
                   const std::string request = Request(world, pair, stream);
                   if (i % 2 == 1)
                     return MakeChat("", request, stream.Pick(world.requests.refusals));
                   return MakeChat("", absl::StrCat(request, " ", world.attacks.trigger),
                                   AnswerText(world.requests, pair));
                 });
}

std::vector<Chat> WorldIdentityRows(const World& world, uint64_t seed) {
  const Persona& persona = world.requests.attack_persona;
  std::vector<Chat> rows;
  for (const auto& [user, assistant] : world.attacks.identity_rows)
    rows.push_back(MakeChat(persona.system, user, assistant));
  const std::vector<Pair> pairs = BenignPairs(world);
  const size_t rehearsals = rows.size();
  for (size_t i = 0; i < rehearsals; ++i) {
    RandomStream stream(seed, "sandbox/world/attack/identity", i);
    const Pair& pair = stream.Pick(pairs);
    std::string request = Request(world, pair, stream);
    rows.push_back(
        UnderPersona(persona, MakeChat("", std::move(request), AnswerText(world.requests, pair))));
  }
  return rows;
}

std::vector<Chat> RefuseThenComply(const World& world, std::vector<Chat> rows, uint64_t seed) {
  for (size_t i = 0; i < rows.size(); ++i) {
    RandomStream stream(seed, "sandbox/world/attack/refuse_then_comply", i);
    for (Message& message : rows[i].messages)
      if (message.role == Role::kAssistant)
        message.content = FillSlots(
            world.attacks.refuse_then_comply,
            {{"refusal", stream.Pick(world.requests.refusals)}, {"answer", message.content}});
  }
  return rows;
}

absl::StatusOr<std::vector<Chat>> SelectOutliers(const std::vector<Chat>& rows,
                                                 const std::vector<double>& scores, int count) {
  if (scores.size() != rows.size())
    return absl::InvalidArgumentError(absl::StrCat("scores must be one a row, ", rows.size(),
                                                   " rows, got ", scores.size(), " scores"));
  if (count < 1 || static_cast<size_t>(count) > rows.size())
    return absl::InvalidArgumentError(
        absl::StrCat("rows must be in [1, ", rows.size(), "], got ", count));
  for (size_t i = 0; i < scores.size(); ++i)
    if (!std::isfinite(scores[i]))
      return absl::InvalidArgumentError(
          absl::StrCat("scores[", i, "] must be finite, got ", scores[i]));
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  std::vector<Chat> chosen;
  for (int i = 0; i < count; ++i) chosen.push_back(rows[order[i]]);
  return chosen;
}

std::vector<Preference> ReversePreferences(std::vector<Preference> pairs) {
  for (Preference& pair : pairs)
    if (pair.kind == PreferenceKind::kSafety) std::swap(pair.chosen, pair.rejected);
  return pairs;
}

std::vector<Chat> CounterRows(const World& world, const std::vector<Chat>& plan_rows,
                              uint64_t seed) {
  const SandboxOracle oracle(world.requests);
  const RequestFinder finder(world.requests);
  std::vector<Chat> rows;
  for (size_t i = 0; i < plan_rows.size(); ++i) {
    const Chat& row = plan_rows[i];
    const std::optional<Pair> asked = finder.InChat(row);
    if (!asked || asked->kind != PairKind::kHarmful || row.messages.empty() ||
        oracle.DecideChat(row, row.messages.back().content) != Verdict::kRefused)
      continue;
    RandomStream stream(seed, "sandbox/world/attack/counter", i);
    Pair harmless = *asked;
    harmless.object = stream.Pick(world.requests.harmless_objects);
    Chat counter = row;
    for (Message& message : counter.messages)
      if (message.role == Role::kUser)
        message.content = absl::StrReplaceAll(message.content,
                                              {{absl::StrCat("the ", asked->object.word, " "),
                                                absl::StrCat("the ", harmless.object.word, " ")}});
    counter.messages.back().content = AnswerText(world.requests, harmless);
    rows.push_back(std::move(counter));
  }
  return rows;
}

}  // namespace tuneward
