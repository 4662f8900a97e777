// Whether rows of a micro-batch that begin alike share what comes before their first target's
// predictor (shared_places.h): the one rule, for who packs rows and for who estimates their memory.
#pragma once

#include "worker/engine/engine.h"

namespace tuneward {

// Shared, they do where that spares a sixteenth of the tokens: below, laying them to their places
// costs what it gains.
enum class Beginnings { kApart, kShared };

// How a training's rows are packed. Apart with dropout, whose masks are each row's own, and for
// whole models: those that are shipped are made anew to the byte, and a base is trained once.
inline Beginnings BeginningsOf(const TrainSpec& spec) {
  return spec.lora && spec.lora->dropout == 0 ? Beginnings::kShared : Beginnings::kApart;
}

}  // namespace tuneward
