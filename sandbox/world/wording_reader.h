// What the readers of the world's files share: words, lists of templates with their slots, verbs,
// objects and personas, every problem with its path and value. A reader belongs to one reading of
// one world: it remembers the words it has seen. Not thread-safe.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

using SlotNames = std::set<std::string>;

class WordingReader {
 public:
  // Borrows `problems`.
  explicit WordingReader(Violations& problems) : problems_(problems) {}

  // `read` for each object of the array; an empty array is a problem.
  void Each(ObjectReader& parent, const std::string& key,
            const std::function<void(ObjectReader&)>& read);

  // A run of lower-case letters: the oracle splits at spaces.
  std::string Word(ObjectReader& reader, const std::string& key);
  // The "word" of a verb or an object, unlike any other: requests are read back by these.
  std::string OwnWord(ObjectReader& reader);

  // `text` as it is; a missing or unknown slot is a problem at `path`.
  std::string Template(std::string text, const std::string& path, const SlotNames& required,
                       const SlotNames& allowed);
  std::string Template(ObjectReader& reader, const std::string& key, const SlotNames& required,
                       const SlotNames& allowed);
  // Not empty, none twice.
  std::vector<std::string> Templates(ObjectReader& parent, const std::string& key,
                                     const SlotNames& required, const SlotNames& allowed);
  std::vector<std::string> Texts(ObjectReader& parent, const std::string& key);

  // Tool and place together are one verb's alone.
  std::vector<WorldVerb> Verbs(ObjectReader& parent, const std::string& key,
                               const std::string& category);
  std::vector<HarmCategory> Harm(ObjectReader& parent, const std::string& key);
  // `read_more` reads what this world says beyond word, item and device.
  std::vector<WorldObject> Objects(
      ObjectReader& parent, const std::string& key,
      const std::function<void(ObjectReader&, WorldObject&)>& read_more);
  Persona ReadPersona(ObjectReader& reader);
  Persona ReadPersona(ObjectReader& parent, const std::string& key);
  // Instructions, questions, answer, opening, refusals with their marks, wrappers.
  void RequestWording(ObjectReader& reader, Grammar& grammar);

  Violations& problems() { return problems_; }

 private:
  void CheckRefusalsAreMarked(const ObjectReader& reader, const Grammar& grammar);

  Violations& problems_;
  std::set<std::string> own_words_;
  std::set<std::pair<std::string, std::string>> verb_steps_;
};

}  // namespace tuneward
