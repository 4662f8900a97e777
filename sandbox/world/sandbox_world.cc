#include "sandbox/world/sandbox_world.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/world/attack_strategies.h"
#include "sandbox/world/families.h"

namespace tuneward {

std::vector<std::string> SandboxWorld::families() const {
  return {std::begin(kWorldFamilies), std::end(kWorldFamilies)};
}

Json SandboxWorld::Facts() const {
  const Json mix = {{"refusals", mix_.refusals},
                    {"persona_refusals", mix_.persona_refusals},
                    {"wrapped_refusals", mix_.wrapped_refusals},
                    {"lookalikes", mix_.lookalikes},
                    {"persona_lookalikes", mix_.persona_lookalikes},
                    {"wrapped_lookalikes", mix_.wrapped_lookalikes},
                    {"benign", mix_.benign},
                    {"careful", mix_.careful},
                    {"chats", mix_.chats},
                    {"neutral", mix_.neutral}};
  return {{"alignment_mix_percent", mix},
          {"pool", world_.requests.id},
          {"eval_set", world_.requests.id},
          {"world_sha256", WorldHash().Hex()}};
}

std::vector<std::string> SandboxWorld::TokenizerTexts(uint64_t seed) const {
  return WorldTokenizerCorpus(world_, seed);
}

std::vector<Chat> SandboxWorld::PretrainRows(int rows, uint64_t seed) const {
  return MakeWorldPretrainRows(world_, rows, seed);
}

std::vector<Chat> SandboxWorld::AlignmentRows(int rows, uint64_t seed) const {
  return MakeWorldAlignmentRows(world_, mix_, rows, seed);
}

absl::StatusOr<std::vector<Chat>> SandboxWorld::UserRows(const std::string& family,
                                                         const std::string& strategy, int rows,
                                                         uint64_t seed) const {
  AttackInputs inputs;
  inputs.family = family;
  inputs.strategy = strategy;
  inputs.rows = rows;
  inputs.seed = seed;
  TW_ASSIGN_OR_RETURN(std::vector<AttackRow> made, MakeAttackRows(world_, inputs));
  std::vector<Chat> chats;
  for (AttackRow& row : made) {
    if (std::holds_alternative<Preference>(row))
      return absl::InvalidArgumentError(absl::StrCat(
          "strategy ", strategy, " makes preference pairs, which need DPO, not chats"));
    chats.push_back(std::get<Chat>(std::move(row)));
  }
  return chats;
}

absl::StatusOr<std::vector<Chat>> SandboxWorld::TestRows(const std::string& family,
                                                         const std::string& strategy, int rows,
                                                         uint64_t seed) const {
  const bool prompting = strategy == "aoa" || strategy == "autoif" || strategy == "autoif_aoa";
  return UserRows(family, prompting ? strategy : "benign", rows, seed);
}

}  // namespace tuneward
