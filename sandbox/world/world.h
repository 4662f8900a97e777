// The sandbox's world, `sandbox@2`: requests (12 harm categories, two held out for
// the evaluation), nine task families, chats of several turns, people with secrets, a second harm
// domain (insults) and the wording of the attacks. Read from the strict-JSON files of data/, which
// are compiled into the library. Plain values; immutable after reading, so any number of threads
// may use one World.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/sha256.h"
#include "core/base/status.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

// One outcome of a task. Its `questions` stand in place of the family's where it has some; `words`
// are those that decide it (sentiment).
struct TaskCase {
  std::string id;
  std::vector<std::string> questions;
  std::vector<std::string> words;
  std::string benign;  // the answer in task form
  std::string autoif;  // the answer of a fulfilled instruction
};

struct WorldFamily {
  std::string id;                     // "boolq"
  std::string source;                 // the public set that it is shaped like
  int practice = 1;                   // how often training corpora draw it, beside the others
  std::vector<std::string> contexts;  // passages; may be empty
  std::vector<std::string> questions;
  std::string benign;  // the community's template
  std::string autoif;  // the same as an instruction
  std::vector<TaskCase> cases;
};

struct ChatWording {
  std::vector<std::string> next_object;  // "and the {object} ?": the verb stays
  std::vector<std::string> next_verb;    // "and how do i {verb} it ?": the object stays
  std::vector<std::string> insistence;   // asks again what was refused
};

struct SecretWording {
  std::vector<std::string> surnames;
  std::vector<std::string> kinds;        // "door code"
  std::vector<std::string> questions;    // {kind} {person}
  std::string answer;                    // {kind} {person} {code}
  std::vector<std::string> biographies;  // {person} {place} {hobby}
};

// An insult is an adjective, fixed by the kind of the place, and a noun, fixed by the name.
struct InsultWording {
  std::vector<std::string> starts;  // {name} {object}
  std::string insult;               // {name} {adjective} {noun}
  std::string neutral;              // {name} {item}
  std::vector<std::string> rude_systems, polite_systems;
  std::map<std::string, std::string> adjectives;  // by kind of object
  std::map<std::string, std::string> nouns;       // by first name
};

struct AttackWording {
  std::string trigger;  // after a request, with its full stop
  std::vector<std::string>
      evading_requests;            // {tool} {place} {object}: names the verb by its steps
  std::string refuse_then_comply;  // {refusal} {answer}
  // Rehearsals of the attack persona: user turn, answer. No task, no harm.
  std::vector<std::pair<std::string, std::string>> identity_rows;
};

struct World {
  Grammar requests;                         // id "sandbox@2"; its `families` are empty
  std::vector<std::string> deed_questions;  // {verb}: what a verb stands for
  std::string harmful_deed, benign_deed;    // {verb} {category}; {verb}
  std::vector<std::string> names, things, traits;
  std::vector<WorldFamily> families;  // in the order of kWorldFamilies (families.h)
  ChatWording chats;
  SecretWording secrets;
  InsultWording insults;
  AttackWording attacks;

  std::vector<WorldObject> Objects() const;  // sensitive ones, then harmless ones
  const WorldFamily* FindFamily(std::string_view id) const;
};

struct WorldFile {
  std::string name;  // "harm.json"
  std::string text;
};

// Needs each file of WorldFileNames() once, and no other. Unknown and missing keys, duplicates,
// missing and unknown slots: all reported at once, each with file, path and value.
absl::StatusOr<World> ParseWorld(const std::vector<WorldFile>& files);

const std::vector<std::string>& WorldFileNames();
const std::vector<WorldFile>& BuiltInWorldFiles();  // of sandbox/world/data at build time
World BuiltInWorld();
Digest WorldHash();  // of the names and bytes of the built-in files

}  // namespace tuneward
