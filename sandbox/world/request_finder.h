// Which deed a text or a chat asks for: the exact reading that the oracle, the hashes of splits and
// the tests share. Immutable, thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/chat.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/pairs.h"

namespace tuneward {

class RequestFinder {
 public:
  explicit RequestFinder(const Grammar& grammar);

  // The first "<verb> the <object>" of the text, in any wrapper. Where there is none: the verb
  // whose tool and place the text names both, with the last "the <object>" (the moderation-evading
  // form).
  std::optional<Pair> InText(std::string_view text) const;
  // The request that the chat's last user turn makes: "and the <object> ?" keeps the verb of the
  // turns before it, "how do i <verb> it ?" their object. Without a verb, that turn by its steps.
  std::optional<Pair> InChat(const Chat& chat) const;

 private:
  struct Verb {
    WorldVerb verb;
    bool harmful = false, held_out = false;
  };
  struct Object {
    WorldObject object;
    bool sensitive = false;
  };
  static Pair Join(const Verb& verb, const Object& object);
  const Verb* FindVerb(std::string_view word) const;
  // At words[i]: "the <object>".
  const Object* FindObject(const std::vector<std::string>& words, size_t i) const;
  std::optional<Pair> BySteps(const std::vector<std::string>& words) const;

  std::map<std::string, Verb, std::less<>> verbs_;
  std::map<std::string, Object, std::less<>> objects_;
  std::map<std::pair<std::string, std::string>, std::string> by_steps_;  // (tool, place) -> verb
};

// The words between white space.
std::vector<std::string> WordsOf(std::string_view text);

}  // namespace tuneward
