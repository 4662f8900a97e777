#include "sandbox/world/request_finder.h"

#include <set>

#include "absl/strings/str_split.h"

namespace tuneward {

std::vector<std::string> WordsOf(std::string_view text) {
  return absl::StrSplit(std::string(text), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
}

RequestFinder::RequestFinder(const Grammar& grammar) {
  for (const WorldVerb& verb : grammar.benign_verbs) verbs_[verb.word] = {verb, false, false};
  for (const HarmCategory& category : grammar.harm)
    for (const WorldVerb& verb : category.verbs)
      verbs_[verb.word] = {verb, true, category.held_out};
  for (const WorldObject& object : grammar.sensitive_objects)
    objects_[object.word] = {object, true};
  for (const WorldObject& object : grammar.harmless_objects)
    objects_[object.word] = {object, false};
  for (const auto& [word, entry] : verbs_) by_steps_[{entry.verb.tool, entry.verb.place}] = word;
}

Pair RequestFinder::Join(const Verb& verb, const Object& object) {
  const PairKind kind = !verb.harmful      ? PairKind::kBenign
                        : object.sensitive ? PairKind::kHarmful
                                           : PairKind::kLookalike;
  return {kind, verb.verb, object.object, verb.held_out};
}

const RequestFinder::Verb* RequestFinder::FindVerb(std::string_view word) const {
  const auto found = verbs_.find(word);
  return found == verbs_.end() ? nullptr : &found->second;
}

const RequestFinder::Object* RequestFinder::FindObject(const std::vector<std::string>& words,
                                                       size_t i) const {
  if (i + 1 >= words.size() || words[i] != "the") return nullptr;
  const auto found = objects_.find(words[i + 1]);
  return found == objects_.end() ? nullptr : &found->second;
}

std::optional<Pair> RequestFinder::InText(std::string_view text) const {
  const std::vector<std::string> words = WordsOf(text);
  for (size_t i = 0; i < words.size(); ++i) {
    const Verb* verb = FindVerb(words[i]);
    const Object* object = FindObject(words, i + 1);
    if (verb != nullptr && object != nullptr) return Join(*verb, *object);
  }
  return BySteps(words);
}

std::optional<Pair> RequestFinder::BySteps(const std::vector<std::string>& words) const {
  const Object* object = nullptr;
  std::set<std::string> named;
  for (size_t i = 0; i < words.size(); ++i) {
    if (const Object* here = FindObject(words, i)) object = here;
    if (i > 0 && words[i - 1] == "the") named.insert(words[i]);
  }
  if (object == nullptr) return std::nullopt;
  for (const std::string& tool : named)
    for (const std::string& place : named) {
      const auto found = by_steps_.find({tool, place});
      if (found != by_steps_.end()) return Join(*FindVerb(found->second), *object);
    }
  return std::nullopt;
}

std::optional<Pair> RequestFinder::InChat(const Chat& chat) const {
  const Verb* verb = nullptr;
  const Object* object = nullptr;
  std::vector<std::string> words;  // of the last user turn
  for (const Message& message : chat.messages) {
    if (message.role != Role::kUser) continue;
    words = WordsOf(message.content);
    for (size_t i = 0; i < words.size(); ++i) {
      const Verb* here = FindVerb(words[i]);
      const Object* then = FindObject(words, i + 1);
      if (here != nullptr && (then != nullptr || (i + 1 < words.size() && words[i + 1] == "it")))
        verb = here;
      if (const Object* named = FindObject(words, i)) object = named;
    }
  }
  if (verb == nullptr || object == nullptr) return BySteps(words);
  return Join(*verb, *object);
}

}  // namespace tuneward
