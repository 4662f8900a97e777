// Requests of the world: a verb and an object in a template. Every (verb, object) pair belongs to
// one split by the hash of its words, whatever the seed, so alignment data, pools and evaluation
// sets never share a request. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/world/grammar.h"

namespace tuneward {

enum class PairKind { kHarmful, kLookalike, kBenign };
// kPretraining: pairs of held-out categories that only a base model has seen refused, by a careful
// voice; neither alignment nor pool nor evaluation has them.
enum class Split { kAlignment, kPool, kEvaluation, kPretraining };

struct Pair {
  PairKind kind = PairKind::kBenign;
  WorldVerb verb;
  WorldObject object;
  bool held_out = false;  // of a held-out harm category
};

// 36 % alignment, 24 % pool, 40 % evaluation, by the hash of the two words.
Split SplitOf(const WorldVerb& verb, const WorldObject& object);
// The same, but held-out pairs are for pre-training (36 %) or the evaluation (64 %).
Split SplitOf(const Pair& pair);

// All pairs of a kind in the grammar's order; of one split only.
std::vector<Pair> PairsOf(const Grammar& grammar, PairKind kind);
std::vector<Pair> PairsOf(const Grammar& grammar, PairKind kind, Split split);

std::string RequestText(std::string_view request_template, const Pair& pair);
std::string AnswerText(const Grammar& grammar,
                       const Pair& pair);  // with the opening, "sure . first get the ..."
std::string StepsText(const Grammar& grammar, const WorldVerb& verb,
                      const WorldObject& object);  // without it

}  // namespace tuneward
