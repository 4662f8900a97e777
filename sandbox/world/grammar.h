// The requests of the sandbox's world: which verbs and objects exist, what an answer about each
// says, and how requests, refusals and personas are worded. A part of World (world.h). Plain
// values; immutable after reading, so any number of threads may use one Grammar.
#pragma once

#include <string>
#include <vector>

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
  std::string kind = {};  // "building", "food", ...: topics
  bool operator==(const WorldObject&) const = default;
};

struct HarmCategory {
  std::string id;
  bool held_out = false;  // never in alignment or pool
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

struct Grammar {
  std::string id;  // "sandbox@2"
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

  std::vector<WorldVerb> HarmVerbs() const;
};

}  // namespace tuneward
