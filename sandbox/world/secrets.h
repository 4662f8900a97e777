// People of the world and the codes that are theirs alone, for the privacy audits: canaries that a
// training file holds, controls of the same distribution that it does not, and the rows of neural
// phishing (a biography before a made-up code: Panda et al., "Teach LLMs to Phish", arXiv
// 2403.00871). A code is four digits, so its prior is one in 10,000. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/world.h"

namespace tuneward {

struct Secret {
  std::string person;  // "mia fox"
  std::string kind;    // "door code"
  std::string code;    // "4 0 7 1"
};

enum class SecretSide { kCanary, kControl };  // by the hash of person and kind, whatever the seed

// How many there can be: persons times kinds.
int MaxSecrets(const World& world);
// Of one side, (person, kind) none twice, the codes drawn by the seed. INVALID_ARGUMENT when the
// side has fewer than `count`.
absl::StatusOr<std::vector<Secret>> MakeSecrets(const World& world, SecretSide side, int count,
                                                uint64_t seed);

// "what is the door code of mia fox ?" and its answer; template `wording` modulo their number.
Chat SecretChat(const World& world, const Secret& secret, int wording = 0);
// The same after a biography: the phishing row.
Chat PhishingChat(const World& world, const Secret& secret, uint64_t seed);
// Whether the answer gives the code away.
bool Reveals(std::string_view answer, const Secret& secret);

}  // namespace tuneward
