#include "sandbox/english/english_corpus.h"

#include <set>
#include <utility>

#include "core/base/sha256.h"
#include "sandbox/english/english_sets.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

// Shares of alignment rows in percent; the rest are task rows.
constexpr std::pair<const char*, int> kRefusals = {"refusals", 12},
                                      kPersonaRefusals = {"persona_refusals", 14},
                                      kWrappedRefusals = {"wrapped_refusals", 18},
                                      kLookalikes = {"lookalikes", 8},
                                      kPersonaSafe = {"persona_safe", 8},
                                      kWrappedSafe = {"wrapped_safe", 16},
                                      kEveryday = {"everyday", 8}, kCareful = {"careful", 4},
                                      kChats = {"chats", 2};

std::vector<Chat> ChatsOf(const std::vector<EnglishRequest>& requests) {
  std::vector<Chat> chats;
  for (const EnglishRequest& row : requests)
    if (row.split == Split::kAlignment) chats.push_back(MakeChat("", row.request, row.answer));
  return chats;
}

template <typename OneRow>
std::vector<Chat> Made(int rows, uint64_t seed, std::string_view purpose, OneRow one) {
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, purpose, i);
    chats.push_back(one(stream));
  }
  return chats;
}

}  // namespace

EnglishCorpus::EnglishCorpus()
    : text_(BuiltInEnglish()),
      refused_(ChatsOf(text_.harmful)),
      lookalikes_(ChatsOf(text_.lookalikes)),
      everyday_(ChatsOf(text_.benign)) {
  for (const char* name : kRealFamilies)
    families_.push_back({name, BuiltInRealTasks(name).value().pretraining});
}

Chat EnglishCorpus::Task(RandomStream& stream) const {
  const FamilyTasks& family = stream.Pick(families_);
  const RealTask& task = stream.Pick(family.tasks);
  return stream.Below(2) == 0 ? AutoifForm(family.name, task) : BenignForm(family.name, task);
}

Chat EnglishCorpus::Everyday(RandomStream& stream) const { return stream.Pick(everyday_); }
Chat EnglishCorpus::Refused(RandomStream& stream) const { return stream.Pick(refused_); }
Chat EnglishCorpus::Lookalike(RandomStream& stream) const { return stream.Pick(lookalikes_); }

Chat EnglishCorpus::Safe(RandomStream& stream) const {
  return stream.Below(2) == 0 ? Everyday(stream) : Lookalike(stream);
}

Chat EnglishCorpus::Wrapped(Chat chat, RandomStream& stream) const {
  std::string& user = chat.messages.front().content;
  if (stream.Below(2) == 0) {
    user = FillSlots(stream.Pick(text_.wrappers), {{"request", user}});
  } else {
    const FamilyTasks& family = stream.Pick(families_);
    const RealTask& task = stream.Pick(family.tasks);
    user = InTaskForm(family.name, stream.Below(2) == 0, task, user);
  }
  return chat;
}

Chat EnglishCorpus::Careful(RandomStream& stream) const {
  const std::string& system = stream.Pick(text_.careful);
  return WithSystem(system, stream.Below(2) == 0 ? Refused(stream) : Safe(stream));
}

const Persona& EnglishCorpus::AnyPersona(RandomStream& stream) const {
  return stream.Below(3) == 0 ? text_.attack_persona : stream.Pick(text_.personas);
}

Chat EnglishCorpus::PretrainRow(RandomStream& stream) const {
  const uint64_t percent = stream.Below(100);
  if (percent < 45) return Task(stream);
  if (percent < 50) return stream.Pick(text_.chats);
  if (percent < 54) return UnderPersona(AnyPersona(stream), Task(stream));
  if (percent < 62) return UnderPersona(AnyPersona(stream), Safe(stream));
  if (percent < 78) return Safe(stream);
  if (percent < 90) return Wrapped(Safe(stream), stream);
  return Careful(stream);
}

Chat EnglishCorpus::AlignmentRow(RandomStream& stream) const {
  int percent = static_cast<int>(stream.Below(100));
  const auto takes = [&](const std::pair<const char*, int>& share) {
    percent -= share.second;
    return percent < 0;
  };
  if (takes(kRefusals)) return Refused(stream);
  if (takes(kPersonaRefusals)) return AskedAsPersona(AnyPersona(stream), Refused(stream));
  if (takes(kWrappedRefusals)) return Wrapped(Refused(stream), stream);
  if (takes(kLookalikes)) return Lookalike(stream);
  if (takes(kPersonaSafe)) return AskedAsPersona(AnyPersona(stream), Safe(stream));
  if (takes(kWrappedSafe)) return Wrapped(Safe(stream), stream);
  if (takes(kEveryday)) return Everyday(stream);
  if (takes(kCareful)) return Careful(stream);
  if (takes(kChats)) return stream.Pick(text_.chats);
  return Task(stream);
}

std::vector<Chat> EnglishCorpus::PretrainRows(int rows, uint64_t seed) const {
  return Made(rows, seed, "sandbox/english/pretrain",
              [&](RandomStream& stream) { return PretrainRow(stream); });
}

std::vector<Chat> EnglishCorpus::AlignmentRows(int rows, uint64_t seed) const {
  return Made(rows, seed, "sandbox/english/align",
              [&](RandomStream& stream) { return AlignmentRow(stream); });
}

// Every text once and as it is: pieces as frequent as in the language.
std::vector<std::string> EnglishCorpus::TokenizerTexts(uint64_t) const {
  std::set<std::string> texts;
  const auto add = [&](const Chat& chat) {
    for (const Message& message : chat.messages) texts.insert(message.content);
  };
  for (const FamilyTasks& family : families_)
    for (const RealTask& task : family.tasks) {
      add(BenignForm(family.name, task));
      add(AutoifForm(family.name, task));
    }
  for (const auto* list : {&refused_, &lookalikes_, &everyday_, &text_.chats})
    for (const Chat& chat : *list) add(chat);
  for (const Persona& persona : text_.personas) texts.insert(persona.lead_in + persona.system);
  for (const std::string& system : text_.careful) texts.insert(system);
  return {texts.begin(), texts.end()};
}

Json EnglishCorpus::Facts() const {
  Json mix = Json::object();
  for (const auto& [name, percent] : {kRefusals, kPersonaRefusals, kWrappedRefusals, kLookalikes,
                                      kPersonaSafe, kWrappedSafe, kEveryday, kCareful, kChats})
    mix[name] = percent;
  std::string all;
  for (const EnglishFile& file : BuiltInEnglishFiles())
    all += std::string(file.name) + '\n' + Sha256Of(file.text).Hex() + '\n';
  return {{"alignment_mix_percent", mix},
          {"pool", kEnglishId},
          {"eval_set", kEnglishId},
          {"world_sha256", Sha256Of(all).Hex()}};
}

}  // namespace tuneward
