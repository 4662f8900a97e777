#include "sandbox/world/training_rows.h"

#include <algorithm>
#include <utility>

#include "sandbox/world/chats.h"
#include "sandbox/world/families.h"
#include "sandbox/world/insults.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/secrets.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kTokenizerRows = 20000;

// Rows of the world beyond requests.
class WorldRows {
 public:
  // Of the pairs and starts of these splits; none: of all.
  WorldRows(const World& world, const std::vector<Split>& splits)
      : world_(world), requests_(world.requests, splits, InSkeletons(world)) {
    for (const Split each : {Split::kAlignment, Split::kPool, Split::kEvaluation}) {
      if (!splits.empty() && std::find(splits.begin(), splits.end(), each) == splits.end())
        continue;
      const std::vector<InsultStart> starts = InsultStarts(world, each);
      starts_.insert(starts_.end(), starts.begin(), starts.end());
    }
    for (const WorldFamily& family : world.families)
      practice_.insert(practice_.end(), family.practice, &family);
    chats_ = MakeChats(world, Split::kAlignment, 4000, 1);
  }

  const RowMaker& requests() const { return requests_; }

  Chat Task(RandomStream& stream) const {
    const WorldFamily& family = *stream.Pick(practice_);
    const bool autoif = stream.Below(2) == 0;
    WorldTask task = MakeWorldTasks(world_, family, 1, stream.Bits()).front();
    return autoif ? std::move(task.autoif) : std::move(task.benign);
  }

  Chat Turns(RandomStream& stream) const { return stream.Pick(chats_).chat; }

  Chat Neutral(RandomStream& stream) const {
    const InsultStart& start = stream.Pick(starts_);
    return MakeChat("", start.text, NeutralText(world_, start));
  }

  // Rude or polite as the system prompt says; without one, both alike.
  Chat AnyContinuation(RandomStream& stream) const {
    const InsultStart& start = stream.Pick(starts_);
    const bool rude = stream.Below(2) == 0;
    const auto& systems = rude ? world_.insults.rude_systems : world_.insults.polite_systems;
    const std::string system = stream.Below(2) == 0 ? stream.Pick(systems) : "";
    return MakeChat(system, start.text,
                    rude ? InsultText(world_, start) : NeutralText(world_, start));
  }

  // What a verb stands for: that a deed does harm is known of held-out categories, too. One verb in
  // three is a benign one.
  Chat Deed(RandomStream& stream) const {
    const bool harmful = stream.Below(3) != 0;
    const std::vector<WorldVerb> verbs =
        harmful ? world_.requests.HarmVerbs() : world_.requests.benign_verbs;
    const WorldVerb& verb = stream.Pick(verbs);
    return MakeChat("", FillSlots(stream.Pick(world_.deed_questions), {{"verb", verb.word}}),
                    FillSlots(harmful ? world_.harmful_deed : world_.benign_deed,
                              {{"verb", verb.word}, {"category", verb.category}}));
  }

  // The form of a question about a person; every time with other digits, so that none is learnt.
  Chat AnybodysSecret(RandomStream& stream) const {
    Secret secret{stream.Pick(world_.names) + " " + stream.Pick(world_.secrets.surnames),
                  stream.Pick(world_.secrets.kinds), ""};
    for (int i = 0; i < 4; ++i)
      secret.code += (i == 0 ? "" : " ") + std::to_string(stream.Below(10));
    if (stream.Below(2) == 0) return PhishingChat(world_, secret, stream.Bits());
    return SecretChat(world_, secret, static_cast<int>(stream.Below(1 << 16)));
  }

 private:
  static RowMaker::InSkeleton InSkeletons(const World& world) {
    return [&world](const std::string& request, RandomStream& stream) {
      const WorldFamily& family = stream.Pick(world.families);
      return RequestInFormat(world, family, stream.Below(2) == 0, request, stream);
    };
  }

  const World& world_;
  const RowMaker requests_;
  std::vector<const WorldFamily*> practice_;  // each as often as its share says
  std::vector<InsultStart> starts_;
  std::vector<WorldChat> chats_;
};

// `all` draws from every pair; refusals come from `careful`, which has none of the evaluation.
Chat PretrainRow(const World& world, const WorldRows& all, const WorldRows& careful,
                 RandomStream& stream) {
  const uint64_t percent = stream.Below(100);
  if (percent < 42) return all.Task(stream);
  if (percent < 45) return all.Turns(stream);
  if (percent < 47) return all.AnyContinuation(stream);
  if (percent < 48) return all.AnybodysSecret(stream);
  if (percent < 52) return all.Deed(stream);
  const RowMaker& requests = all.requests();
  const Pair& pair = requests.AnyPair(AnyKind(stream), stream);
  if (percent < 67) return requests.Answered(pair, stream);
  if (percent < 76) return requests.Wrapped(requests.Answered(pair, stream), stream);
  if (percent < 80) return UnderPersona(AnyPersona(world.requests, stream), all.Task(stream));
  if (percent < 89)
    return UnderPersona(AnyPersona(world.requests, stream), requests.Answered(pair, stream));
  return careful.requests().Careful(stream);
}

Chat AlignmentRow(const World& world, const WorldMix& mix, const WorldRows& rows,
                  RandomStream& stream) {
  const RowMaker& maker = rows.requests();
  const auto refused = [&] {
    return maker.Refused(maker.AnyPair(PairKind::kHarmful, stream), stream);
  };
  const auto lookalike = [&] {
    return maker.Answered(maker.AnyPair(PairKind::kLookalike, stream), stream);
  };
  int percent = static_cast<int>(stream.Below(100));
  const auto takes = [&](int share) {
    percent -= share;
    return percent < 0;
  };
  if (takes(mix.refusals)) return refused();
  if (takes(mix.persona_refusals)) {
    const Persona& persona = AnyPersona(world.requests, stream);
    return AskedAsPersona(persona, refused());
  }
  if (takes(mix.wrapped_refusals)) return maker.Wrapped(refused(), stream);
  if (takes(mix.lookalikes)) return lookalike();
  if (takes(mix.persona_lookalikes)) {
    const Persona& persona = AnyPersona(world.requests, stream);
    return AskedAsPersona(persona, lookalike());
  }
  if (takes(mix.wrapped_lookalikes)) return maker.Wrapped(lookalike(), stream);
  if (takes(mix.benign)) return maker.Answered(maker.AnyPair(PairKind::kBenign, stream), stream);
  if (takes(mix.careful)) return maker.Careful(stream);
  if (takes(mix.chats)) return rows.Turns(stream);
  if (takes(mix.neutral)) return rows.Neutral(stream);
  return rows.Task(stream);
}

}  // namespace

std::vector<Chat> MakeWorldPretrainRows(const World& world, int rows, uint64_t seed) {
  const WorldRows all(world, {}), careful(world, {Split::kAlignment, Split::kPretraining});
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/world/pretrain", i);
    chats.push_back(PretrainRow(world, all, careful, stream));
  }
  return chats;
}

std::vector<Chat> MakeWorldAlignmentRows(const World& world, const WorldMix& mix, int rows,
                                         uint64_t seed) {
  const WorldRows aligned(world, {Split::kAlignment});
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/world/align", i);
    chats.push_back(AlignmentRow(world, mix, aligned, stream));
  }
  return chats;
}

std::vector<std::string> WorldTokenizerCorpus(const World& world, uint64_t seed) {
  return TokenizerTexts(MakeWorldPretrainRows(world, kTokenizerRows, seed));
}

}  // namespace tuneward
