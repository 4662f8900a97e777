// A defence that changes nothing and keeps every gradient that training was about to use.
#pragma once

#include "worker/engine/defence.h"

namespace tuneward {

struct GradientProbe : Defence {
  std::string_view id() const override { return "none"; }
  GradVec StepGradient(StepCtx& ctx) override {
    micros = ctx.user_batch().micros.size();
    GradVec gradient = Defence::StepGradient(ctx);
    seen = gradient.Clone();
    return gradient;
  }
  GradVec seen;
  size_t micros = 0;
};

}  // namespace tuneward
