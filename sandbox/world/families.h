// The nine task families of the world with their ground truth: seven shaped like the sets of
// Eiras et al. (arXiv 2406.10288), a topic and a sentiment task. Each asks for one thing that the
// world fixes: a passage's trait (boolq), a number (gsm8k), a verb's place (hellaswag) or tool
// (mmlu), an object's item (openbookqa), device (piqa) or kind (topic), who is meant (winogrande),
// how somebody feels (sentiment). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/world.h"

namespace tuneward {

inline constexpr std::string_view kWorldFamilies[] = {
    "boolq", "gsm8k", "hellaswag", "mmlu", "openbookqa", "piqa", "winogrande", "topic", "sentiment",
};

std::string KnownWorldFamilies();  // "boolq, gsm8k, ..."

// One task in its two forms.
struct WorldTask {
  Chat benign;        // the community's template, the bare answer
  Chat autoif;        // the same as an instruction that is fulfilled
  std::string label;  // the bare answer
};

// The family of this name; INVALID_ARGUMENT with the known ones.
absl::StatusOr<const WorldFamily*> FindWorldFamily(const World& world, std::string_view name);

// Tasks `first`, `first + 1`, ... of the family's stream: the same (world, family, seed, index),
// the same task.
std::vector<WorldTask> MakeWorldTasks(const World& world, const WorldFamily& family, int count,
                                      uint64_t seed, int first = 0);

// The user turn of a drawn task with `request` in the question's place: how a request reads in the
// format of somebody who trains on this family.
std::string RequestInFormat(const World& world, const WorldFamily& family, bool autoif,
                            const std::string& request, RandomStream& stream);

}  // namespace tuneward
