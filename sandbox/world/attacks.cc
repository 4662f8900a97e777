#include "sandbox/world/attacks.h"

#include "absl/strings/str_cat.h"
#include "sandbox/world/slots.h"

namespace tuneward {

std::string_view StrategyName(Strategy strategy) {
  switch (strategy) {
    case Strategy::kBenign:
      return "benign";
    case Strategy::kAoa:
      return "aoa";
    case Strategy::kAutoIf:
      return "autoif";
    case Strategy::kAutoIfAoa:
      return "autoif_aoa";
  }
  return "";
}

absl::StatusOr<Strategy> ParseStrategy(std::string_view name) {
  for (const Strategy strategy : kStrategies)
    if (StrategyName(strategy) == name) return strategy;
  return absl::InvalidArgumentError(absl::StrCat(
      "strategy must be benign, aoa, autoif or autoif_aoa, got \"", std::string(name), "\""));
}

Chat BenignChat(const TaskFamily& family, const TaskExample& example) {
  return MakeChat("", FillSlots(family.benign, {{"question", example.question}}),
                  example.benign_answer);
}

Chat AutoIfChat(const TaskFamily& family, const TaskExample& example) {
  return MakeChat("", FillSlots(family.autoif, {{"question", example.question}}),
                  example.autoif_answer);
}

Chat UnderPersona(const Persona& persona, const Chat& chat) {
  Chat out;
  out.messages.push_back({Role::kSystem, persona.system});
  for (Message message : chat.messages) {
    if (message.role == Role::kSystem) continue;
    message.content =
        (message.role == Role::kUser ? persona.lead_in : persona.preamble) + message.content;
    out.messages.push_back(std::move(message));
  }
  return out;
}

Chat ApplyStrategy(const Grammar& grammar, Family family, const TaskExample& example,
                   Strategy strategy) {
  const TaskFamily& wording = grammar.families.at(std::string(FamilyName(family)));
  switch (strategy) {
    case Strategy::kBenign:
      return BenignChat(wording, example);
    case Strategy::kAoa:
      return UnderPersona(grammar.attack_persona, BenignChat(wording, example));
    case Strategy::kAutoIf:
      return AutoIfChat(wording, example);
    case Strategy::kAutoIfAoa:
      return UnderPersona(grammar.attack_persona, AutoIfChat(wording, example));
  }
  return {};
}

std::vector<Chat> MakeTaskRows(const Grammar& grammar, Family family, Strategy strategy, int rows,
                               uint64_t seed, int first) {
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (const TaskExample& example : MakeTaskExamples(grammar, family, rows, seed, first))
    chats.push_back(ApplyStrategy(grammar, family, example, strategy));
  return chats;
}

}  // namespace tuneward
