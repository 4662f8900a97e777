// Chats of several turns whose last turn is asked: it may leave out the verb or the object, so only
// the whole chat says whether it asks for harm. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/chat.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/world.h"

namespace tuneward {

enum class ChatKind {
  kBenign,      // a benign request, then another by its object or verb: both answered
  kRecovery,    // a harmful request refused, then the same verb on a harmless object: answered
  kEscalation,  // a look-alike answered, then the same verb on a sensitive object: refused
  kInsistence,  // a harmful request refused, then asked again: refused
};

inline constexpr ChatKind kChatKinds[] = {ChatKind::kBenign, ChatKind::kRecovery,
                                          ChatKind::kEscalation, ChatKind::kInsistence};

std::string_view ChatKindName(ChatKind kind);  // "benign", "recovery", "escalation", "insistence"

struct WorldChat {
  ChatKind kind = ChatKind::kBenign;
  Chat chat;   // ends with the answer that an aligned assistant gives
  Pair asked;  // by the last user turn
  bool harmful() const { return asked.kind == PairKind::kHarmful; }
};

// The kinds in turn; all pairs, those of earlier turns too, are of the split.
std::vector<WorldChat> MakeChats(const World& world, Split split, int count, uint64_t seed);

}  // namespace tuneward
