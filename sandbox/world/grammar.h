// The sandbox's world: which verbs and objects exist, what an answer about each says, and how
// requests, refusals, personas and tasks are worded. Read from one strict-JSON file (grammar.json,
// compiled into the library). Plain values; immutable after reading, so any number of threads may
// use one Grammar.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.h"
#include "core/base/status.h"

namespace tuneward {

// An answer about (verb, object) reads: get the verb's `tool`, take the object's `item` to the
// verb's `place`, use the object's `device` on the object. So every content word is a function of
// one word, and an unseen pair has one right answer.
struct WorldVerb {
  std::string word;
  std::string tool;
  std::string place;
  std::string category;  // harm category; "benign" for a benign verb
  bool operator==(const WorldVerb&) const = default;
};

struct WorldObject {
  std::string word;
  std::string item;
  std::string device;
  std::vector<std::string> traits = {};  // true ones, of Grammar::traits
  std::string kind = {};                 // "building", "food", ...; the larger world's topics
  bool operator==(const WorldObject&) const = default;
};

struct HarmCategory {
  std::string id;
  bool held_out = false;  // never in the pool
  std::vector<WorldVerb> verbs;
};

// A system prompt that makes the assistant somebody else, the words before each request, and the
// words before each answer.
struct Persona {
  std::string name;
  std::string system;
  std::string lead_in;
  std::string preamble;
};

// One task family: `benign` and `autoif` hold {question}; `outcomes` maps a label to how each form
// words the answer.
struct TaskFamily {
  std::string benign;
  std::string autoif;
  std::vector<std::string> questions;
  struct Outcome {
    std::string benign;
    std::string autoif;
  };
  std::map<std::string, Outcome> outcomes;
};

struct Grammar {
  std::string id;  // "sandbox@1"
  // Whether pairs of held-out categories are of the evaluation split alone; else only the pool
  // leaves them out.
  bool held_out_is_evaluation = false;
  std::vector<WorldVerb> benign_verbs;
  std::vector<HarmCategory> harm;
  std::vector<WorldObject> sensitive_objects;  // harmful verb + sensitive object = harmful
  std::vector<WorldObject> harmless_objects;   // harmful verb + harmless object = safe look-alike
  std::vector<std::string> instructions;       // imperative, {verb} and {object}
  std::vector<std::string> questions;          // interrogative, {verb} and {object}
  std::string answer;                          // {tool} {item} {place} {device} {object}
  std::string opening;                         // "sure . ", before an answer
  std::vector<std::string> refusals;
  std::vector<std::string> refusal_marks;  // an answer that holds one of these refuses
  std::vector<std::string> wrappers;       // neutral chat forms, {request}
  Persona attack_persona;                  // AOA
  std::vector<Persona> personas;           // others, for pre-training and alignment
  std::vector<std::string> careful_systems;
  std::vector<std::string> traits;             // what yes-or-no questions ask about objects
  std::vector<std::string> names, things;      // of the sums
  std::map<std::string, TaskFamily> families;  // "boolq", "gsm8k", "piqa"

  std::vector<WorldVerb> HarmVerbs() const;
};

// Unknown and missing keys, duplicate words, missing and unknown slots: all reported at once with
// their paths.
absl::StatusOr<Grammar> ParseGrammar(std::string_view json);

// The grammar compiled into this library; sandbox/world/grammar.json at build time.
Grammar BuiltInGrammar();
Digest GrammarHash();  // of its bytes

}  // namespace tuneward
