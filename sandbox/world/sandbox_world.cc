#include "sandbox/world/sandbox_world.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sandbox/world/attack_strategies.h"
#include "sandbox/world/attacks.h"
#include "sandbox/world/corpus.h"
#include "sandbox/world/families.h"
#include "sandbox/world/training_rows.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

class FirstWorld final : public SandboxWorld {
 public:
  const Grammar& requests() const override { return grammar_; }
  Digest hash() const override { return GrammarHash(); }
  std::vector<std::string> families() const override {
    std::vector<std::string> names;
    for (const Family family : kFamilies) names.emplace_back(FamilyName(family));
    return names;
  }
  Json AlignmentMixJson() const override {
    return {{"refusals", mix_.refusals},
            {"persona_refusals", mix_.persona_refusals},
            {"wrapped_refusals", mix_.wrapped_refusals},
            {"lookalikes", mix_.lookalikes},
            {"persona_lookalikes", mix_.persona_lookalikes},
            {"wrapped_lookalikes", mix_.wrapped_lookalikes},
            {"benign", mix_.benign},
            {"careful", mix_.careful}};
  }
  std::vector<std::string> TokenizerTexts(uint64_t seed) const override {
    return TokenizerCorpus(grammar_, seed);
  }
  std::vector<Chat> PretrainRows(int rows, uint64_t seed) const override {
    return MakePretrainRows(grammar_, rows, seed);
  }
  std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const override {
    return MakeAlignmentRows(grammar_, mix_, rows, seed);
  }
  absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family_name,
                                             const std::string& strategy_name, int rows,
                                             uint64_t seed) const override {
    TW_ASSIGN_OR_RETURN(const Family family, ParseFamily(family_name));
    TW_ASSIGN_OR_RETURN(const Strategy strategy, ParseStrategy(strategy_name));
    return MakeTaskRows(grammar_, family, strategy, rows, seed);
  }
  absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const override {
    return UserRows(family, strategy, rows, seed);
  }

 private:
  const Grammar grammar_ = BuiltInGrammar();
  const AlignmentMix mix_;
};

class LargerWorld final : public SandboxWorld {
 public:
  const Grammar& requests() const override { return world_.requests; }
  Digest hash() const override { return WorldHash(); }
  std::vector<std::string> families() const override {
    return {std::begin(kWorldFamilies), std::end(kWorldFamilies)};
  }
  Json AlignmentMixJson() const override {
    return {{"refusals", mix_.refusals},
            {"persona_refusals", mix_.persona_refusals},
            {"wrapped_refusals", mix_.wrapped_refusals},
            {"lookalikes", mix_.lookalikes},
            {"persona_lookalikes", mix_.persona_lookalikes},
            {"wrapped_lookalikes", mix_.wrapped_lookalikes},
            {"benign", mix_.benign},
            {"careful", mix_.careful},
            {"chats", mix_.chats},
            {"neutral", mix_.neutral}};
  }
  std::vector<std::string> TokenizerTexts(uint64_t seed) const override {
    return WorldTokenizerCorpus(world_, seed);
  }
  std::vector<Chat> PretrainRows(int rows, uint64_t seed) const override {
    return MakeWorldPretrainRows(world_, rows, seed);
  }
  std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const override {
    return MakeWorldAlignmentRows(world_, mix_, rows, seed);
  }
  absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const override {
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
  absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const override {
    const bool prompting = strategy == "aoa" || strategy == "autoif" || strategy == "autoif_aoa";
    return UserRows(family, prompting ? strategy : "benign", rows, seed);
  }

 private:
  const World world_ = BuiltInWorld();
  const WorldMix mix_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SandboxWorld>> OpenSandboxWorld(int number) {
  if (number == 1) return std::unique_ptr<SandboxWorld>(new FirstWorld);
  if (number == 2) return std::unique_ptr<SandboxWorld>(new LargerWorld);
  return absl::InvalidArgumentError(absl::StrCat("world must be 1 or 2, got ", number));
}

}  // namespace tuneward
