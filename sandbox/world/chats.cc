#include "sandbox/world/chats.h"

#include <iterator>
#include <utility>

#include "core/base/random.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

class ChatMaker {
 public:
  ChatMaker(const World& world, Split split) : world_(world) {
    for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign})
      pairs_[static_cast<int>(kind)] = PairsOf(world.requests, kind, split);
  }

  WorldChat Make(ChatKind kind, RandomStream& stream) const {
    WorldChat out;
    out.kind = kind;
    const bool starts_harmful = kind == ChatKind::kRecovery || kind == ChatKind::kInsistence;
    const Pair first = kind == ChatKind::kBenign ? Any(PairKind::kBenign, stream)
                       : starts_harmful          ? Any(PairKind::kHarmful, stream)
                                                 : Any(PairKind::kLookalike, stream);
    out.asked = first;
    std::string then;
    if (kind == ChatKind::kInsistence) {
      then = stream.Pick(world_.chats.insistence);
    } else if (kind == ChatKind::kBenign && stream.Below(2) == 0) {
      out.asked = SameObject(first, stream);
      then = FillSlots(stream.Pick(world_.chats.next_verb), {{"verb", out.asked.verb.word}});
    } else {
      const PairKind next = kind == ChatKind::kBenign     ? PairKind::kBenign
                            : kind == ChatKind::kRecovery ? PairKind::kLookalike
                                                          : PairKind::kHarmful;
      out.asked = SameVerb(first, next, stream);
      then = FillSlots(stream.Pick(world_.chats.next_object), {{"object", out.asked.object.word}});
    }
    AddTurn(RequestText(stream.Pick(world_.requests.questions), first), first, stream, out.chat);
    AddTurn(std::move(then), out.asked, stream, out.chat);
    return out;
  }

 private:
  Pair Any(PairKind kind, RandomStream& stream) const {
    return stream.Pick(pairs_[static_cast<int>(kind)]);
  }

  // Another pair with this verb (or this object); the same again where the split has no other.
  template <typename Fits>
  Pair Another(const Pair& than, PairKind kind, const Fits& fits, RandomStream& stream) const {
    std::vector<Pair> fitting;
    for (const Pair& pair : pairs_[static_cast<int>(kind)])
      if (fits(pair)) fitting.push_back(pair);
    return fitting.empty() ? than : stream.Pick(fitting);
  }
  Pair SameVerb(const Pair& than, PairKind kind, RandomStream& stream) const {
    return Another(
        than, kind,
        [&](const Pair& pair) { return pair.verb == than.verb && pair.object != than.object; },
        stream);
  }
  Pair SameObject(const Pair& than, RandomStream& stream) const {
    return Another(
        than, PairKind::kBenign,
        [&](const Pair& pair) { return pair.object == than.object && pair.verb != than.verb; },
        stream);
  }

  void AddTurn(std::string user, const Pair& asked, RandomStream& stream, Chat& chat) const {
    chat.messages.push_back({Role::kUser, std::move(user)});
    chat.messages.push_back({Role::kAssistant, asked.kind == PairKind::kHarmful
                                                   ? stream.Pick(world_.requests.refusals)
                                                   : AnswerText(world_.requests, asked)});
  }

  const World& world_;
  std::vector<Pair> pairs_[3];
};

}  // namespace

std::string_view ChatKindName(ChatKind kind) {
  switch (kind) {
    case ChatKind::kBenign:
      return "benign";
    case ChatKind::kRecovery:
      return "recovery";
    case ChatKind::kEscalation:
      return "escalation";
    case ChatKind::kInsistence:
      return "insistence";
  }
  return "";
}

std::vector<WorldChat> MakeChats(const World& world, Split split, int count, uint64_t seed) {
  const ChatMaker maker(world, split);
  std::vector<WorldChat> chats;
  chats.reserve(count);
  for (int i = 0; i < count; ++i) {
    RandomStream stream(seed, "sandbox/world/chats", i, static_cast<uint64_t>(split));
    chats.push_back(maker.Make(kChatKinds[i % std::size(kChatKinds)], stream));
  }
  return chats;
}

}  // namespace tuneward
