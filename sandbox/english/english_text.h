// The project's own English: requests that are refused, safe ones that look harmful, everyday ones,
// chats, personas and careful system prompts (sandbox/english/*.json; README.md there has the
// counts and the rules). Read strictly; plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/pairs.h"

namespace tuneward {

struct EnglishRequest {
  std::string id;        // "harm/fraud/007": kind, category or type, place in it
  std::string category;  // harm category or type of look-alike; "everyday"
  std::string request;
  std::string answer;  // a refusal where the request is harmful
  Split split = Split::kAlignment;
  bool held_out = false;  // of a category that only the evaluation has
};

struct EnglishText {
  std::vector<EnglishRequest> harmful, lookalikes, benign;
  std::vector<Chat> chats;  // of two user turns
  std::vector<Persona> personas;
  Persona attack_persona;             // AOA as Qi et al. word it (arXiv 2310.03693)
  std::vector<std::string> careful;   // system prompts
  std::vector<std::string> wrappers;  // "{request}" in plain words around it
};

struct EnglishFile {
  std::string_view name;  // "harm.json"
  std::string_view text;
};

// INVALID_ARGUMENT with file, path and value of everything that is malformed, unknown, missing,
// empty or of a split that there is not; a request that stands twice, letter case aside.
absl::StatusOr<EnglishText> ParseEnglish(const std::vector<EnglishFile>& files);

const std::vector<EnglishFile>& BuiltInEnglishFiles();  // JSON files and tasks/*.jsonl
// Of the files above, "tasks/gsm8k.jsonl"; programmer error for a name that there is not.
std::string_view BuiltInEnglishFile(std::string_view name);
const EnglishText& BuiltInEnglish();

}  // namespace tuneward
