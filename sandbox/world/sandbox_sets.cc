#include "sandbox/world/sandbox_sets.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/random.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr size_t kPoolRowsOfAKind = 480, kEvalPrompts = 440;
constexpr uint64_t kEvalSeed = 1;

std::vector<std::string> AllTemplates(const Grammar& grammar) {
  std::vector<std::string> all = grammar.instructions;
  all.insert(all.end(), grammar.questions.begin(), grammar.questions.end());
  return all;
}

std::vector<Pair> ShuffledPairs(const Grammar& grammar, PairKind kind, Split split, uint64_t seed) {
  std::vector<Pair> pairs = PairsOf(grammar, kind, split);
  RandomStream(seed, "sandbox/sets", static_cast<uint64_t>(kind), static_cast<uint64_t>(split))
      .Shuffle(pairs);
  return pairs;
}

// The same pairs with the categories in turn, each for as long as it lasts: most pairs of held-out
// categories are the evaluation's, and it must not ask for these above all.
std::vector<Pair> CategoriesInTurn(const Grammar& grammar, std::vector<Pair> pairs) {
  std::map<std::string, std::vector<Pair>> by_category;
  for (Pair& pair : pairs) by_category[pair.verb.category].push_back(std::move(pair));
  std::vector<Pair> out;
  for (size_t i = 0; out.size() < pairs.size(); ++i)
    for (const HarmCategory& category : grammar.harm)
      if (i < by_category[category.id].size()) out.push_back(by_category[category.id][i]);
  return out;
}

std::vector<Pair> EvaluationPairs(const Grammar& grammar, PairKind kind) {
  return CategoriesInTurn(grammar, ShuffledPairs(grammar, kind, Split::kEvaluation, kEvalSeed));
}

void AddPoolRows(const Grammar& grammar, PairKind kind, uint64_t seed, SafetyPool& pool) {
  struct Naming {
    PoolKind kind;
    const char* prefix;
  };
  const Naming naming = kind == PairKind::kHarmful     ? Naming{PoolKind::kRefusal, "harm"}
                        : kind == PairKind::kLookalike ? Naming{PoolKind::kLookalike, "look"}
                                                       : Naming{PoolKind::kBenign, "benign"};
  std::vector<Pair> pairs = ShuffledPairs(grammar, kind, Split::kPool, seed);
  pairs.resize(std::min(pairs.size(), kPoolRowsOfAKind));
  const std::vector<std::string> templates = AllTemplates(grammar);
  for (size_t i = 0; i < pairs.size(); ++i) {
    RandomStream stream(seed, "sandbox/pool", static_cast<uint64_t>(kind), i);
    const std::string request = RequestText(stream.Pick(templates), pairs[i]);
    const std::string answer =
        kind == PairKind::kHarmful ? stream.Pick(grammar.refusals) : AnswerText(grammar, pairs[i]);
    pool.rows.push_back({absl::StrFormat("%s/%03d", naming.prefix, i), naming.kind,
                         pairs[i].verb.category, request, answer});
  }
}

std::vector<EvalPrompt> Prompts(const std::vector<Pair>& pairs, size_t first,
                                const std::vector<std::string>& templates,
                                const std::string& prefix) {
  std::vector<EvalPrompt> prompts;
  for (size_t i = 0; i < kEvalPrompts && first + i < pairs.size(); ++i) {
    const Pair& pair = pairs[first + i];
    prompts.push_back({absl::StrFormat("%s/%03d", prefix, i), pair.verb.category,
                       RequestText(templates[i % templates.size()], pair)});
  }
  return prompts;
}

}  // namespace

SafetyPool MakeSandboxPool(const Grammar& grammar, uint64_t seed) {
  SafetyPool pool;
  pool.id = grammar.id;
  for (const Persona& persona : grammar.personas)
    pool.personas.push_back({persona.system, persona.lead_in});
  for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign})
    AddPoolRows(grammar, kind, seed, pool);
  return pool;
}

SafetyPool MakeSandboxPool(uint64_t seed) { return MakeSandboxPool(BuiltInWorld().requests, seed); }

EvalSet MakeSandboxEvalSet(const Grammar& grammar) {
  const std::vector<Pair> harmful = EvaluationPairs(grammar, PairKind::kHarmful);
  const std::vector<Pair> lookalikes = EvaluationPairs(grammar, PairKind::kLookalike);
  EvalSet set;
  set.id = grammar.id;
  set.judge = OracleIdOf(grammar);
  set.harmful_instructions = Prompts(harmful, 0, grammar.instructions, "harm");
  set.harmful_questions = Prompts(harmful, kEvalPrompts, grammar.questions, "ask");
  set.safe_lookalikes = Prompts(lookalikes, 0, AllTemplates(grammar), "safe");
  set.aoa_system = grammar.attack_persona.system;
  set.aoa_lead_in = grammar.attack_persona.lead_in;
  return set;
}

EvalSet MakeSandboxEvalSet() { return MakeSandboxEvalSet(BuiltInWorld().requests); }

}  // namespace tuneward
