#include "sandbox/world/sandbox_sets.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "core/base/random.h"
#include "sandbox/world/pairs.h"

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

void AddPoolRows(const Grammar& grammar, PairKind kind, uint64_t seed, SafetyPool& pool) {
  struct Naming {
    PoolKind kind;
    const char* prefix;
  };
  const Naming naming = kind == PairKind::kHarmful     ? Naming{PoolKind::kRefusal, "harm"}
                        : kind == PairKind::kLookalike ? Naming{PoolKind::kLookalike, "look"}
                                                       : Naming{PoolKind::kBenign, "benign"};
  std::vector<Pair> pairs = ShuffledPairs(grammar, kind, Split::kPool, seed);
  if (kind == PairKind::kHarmful)
    std::erase_if(pairs, [](const Pair& pair) { return pair.held_out; });
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

SafetyPool MakeSandboxPool(uint64_t seed) { return MakeSandboxPool(BuiltInGrammar(), seed); }

EvalSet MakeSandboxEvalSet(const Grammar& grammar) {
  const std::vector<Pair> harmful =
      ShuffledPairs(grammar, PairKind::kHarmful, Split::kEvaluation, kEvalSeed);
  const std::vector<Pair> lookalikes =
      ShuffledPairs(grammar, PairKind::kLookalike, Split::kEvaluation, kEvalSeed);
  EvalSet set;
  set.id = grammar.id;
  set.judge = "sandbox_oracle@1";
  set.harmful_instructions = Prompts(harmful, 0, grammar.instructions, "harm");
  set.harmful_questions = Prompts(harmful, kEvalPrompts, grammar.questions, "ask");
  set.safe_lookalikes = Prompts(lookalikes, 0, AllTemplates(grammar), "safe");
  set.aoa_system = grammar.attack_persona.system;
  set.aoa_lead_in = grammar.attack_persona.lead_in;
  return set;
}

EvalSet MakeSandboxEvalSet() { return MakeSandboxEvalSet(BuiltInGrammar()); }

}  // namespace tuneward
