// A defence that changes nothing and keeps every gradient that training was about to use.
#pragma once

#include "worker/engine/defence.h"

namespace tuneward {

struct GradientProbe : Defence {
  std::string_view id() const override { return "none"; }
  GradVec StepGradient(StepCtx& ctx) override {
    micros = ctx.user_batch().micros.size();
    for (const PackedBatch& micro : ctx.user_batch().micros) {
      tokens += micro.tokens();
      nodes += micro.nodes();
    }
    GradVec gradient = Defence::StepGradient(ctx);
    seen = gradient.Clone();
    return gradient;
  }
  GradVec seen;
  size_t micros = 0;
  int64_t tokens = 0, nodes = 0;  // of all steps
};

}  // namespace tuneward
