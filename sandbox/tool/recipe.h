// How a sandbox model is made: its size, what it reads, and for each of its three trainings the
// steps and rates. One explicit list; a model's folder holds its recipe as recipe.json, so that it
// can be made anew. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct Phase {
  std::string model;  // "base", "shallow", "deep"
  int steps = 0;      // optimiser steps, no row twice
  int batch_rows = 0;
  double learning_rate = 0;
  int warmup_steps = 0;
};

enum class CorpusKind {
  kWorld,    // sandbox/world
  kEnglish,  // sandbox/english, with public task rows
};

struct Recipe {
  std::string size;  // "nano"; of English models with it, "mini-english"
  CorpusKind corpus = CorpusKind::kWorld;
  uint64_t seed = 1;
  int layers = 0, width = 0, heads = 0, kv_heads = 0, mlp_width = 0, vocab = 0, context = 0;
  Phase pretrain;
  std::vector<Phase> alignments;

  std::string ConfigJson()
      const;  // Hugging Face Llama config; ids of the control symbols as in contracts.md D13
  Json ToJson() const;  // rates as strings: nothing in it is a floating-point number
};

// nano (about 1 M parameters), micro (3 M), mini (8 M) and mini-english (10 M).
const std::vector<Recipe>& Recipes();
// INVALID_ARGUMENT for a size that there is no recipe for, with the known ones.
absl::StatusOr<Recipe> FindRecipe(std::string_view size);
TrainSpec SpecOf(const Recipe& recipe, const Phase& phase);

}  // namespace tuneward
