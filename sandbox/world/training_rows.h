// What the sandbox's models are trained on: the pre-training corpus (everything, compliance
// with harmful requests included; refusals only under a careful system prompt) and the alignment
// corpus. Refusals of held-out categories stand in the former alone, as a real model's pre-training
// knows what people refuse; no refused pair and no pair of an alignment row is of the pool or the
// evaluation. Row i is a function of (world, seed, i). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/chat.h"
#include "sandbox/world/world.h"

namespace tuneward {

std::vector<Chat> MakeWorldPretrainRows(const World& world, int rows, uint64_t seed);

// Shares in percent; the rest are task rows.
struct WorldMix {
  int refusals = 10;
  int persona_refusals = 16;  // one in three under the attack's persona
  int wrapped_refusals = 18;  // in a neutral wrapper or a task's skeleton
  int lookalikes = 8;
  int persona_lookalikes = 8;
  int wrapped_lookalikes = 16;
  int benign = 4;
  int careful = 2;  // a careful system prompt: two thirds refusals, the rest answered
  int chats = 4;    // of several turns, the four kinds alike
  int neutral = 2;  // continuations without insult
};

std::vector<Chat> MakeWorldAlignmentRows(const World& world, const WorldMix& mix, int rows,
                                         uint64_t seed);

// Text to train the tokenizer on: every word of the pre-training corpus, equally often.
std::vector<std::string> WorldTokenizerCorpus(const World& world, uint64_t seed);

}  // namespace tuneward
