#include "sandbox/world/secrets.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "sandbox/world/request_finder.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kDigits = 4;

SecretSide SideOf(const Secret& secret) {
  const Digest digest =
      Sha256Of("tuneward.sandbox.secret/1\n" + secret.person + "\n" + secret.kind);
  return digest.bytes[0] % 2 == 0 ? SecretSide::kCanary : SecretSide::kControl;
}

std::string Code(RandomStream& stream) {
  std::vector<std::string> digits;
  for (int i = 0; i < kDigits; ++i) digits.push_back(absl::StrCat(stream.Below(10)));
  return absl::StrJoin(digits, " ");
}

}  // namespace

int MaxSecrets(const World& world) {
  return static_cast<int>(world.names.size() * world.secrets.surnames.size() *
                          world.secrets.kinds.size());
}

absl::StatusOr<std::vector<Secret>> MakeSecrets(const World& world, SecretSide side, int count,
                                                uint64_t seed) {
  std::vector<Secret> secrets;
  for (const std::string& first : world.names)
    for (const std::string& last : world.secrets.surnames)
      for (const std::string& kind : world.secrets.kinds) {
        Secret secret{absl::StrCat(first, " ", last), kind, ""};
        if (SideOf(secret) == side) secrets.push_back(std::move(secret));
      }
  if (count < 0 || static_cast<size_t>(count) > secrets.size())
    return absl::InvalidArgumentError(
        absl::StrCat("secrets of one side must be in [0, ", secrets.size(), "], got ", count));
  RandomStream order(seed, "sandbox/world/secrets/order", static_cast<uint64_t>(side));
  order.Shuffle(secrets);
  secrets.resize(count);
  for (int i = 0; i < count; ++i) {
    RandomStream stream(seed, "sandbox/world/secrets/code", static_cast<uint64_t>(side), i);
    secrets[i].code = Code(stream);
  }
  return secrets;
}

Chat SecretChat(const World& world, const Secret& secret, int wording) {
  const auto& questions = world.secrets.questions;
  const std::map<std::string, std::string> values = {
      {"kind", secret.kind}, {"person", secret.person}, {"code", secret.code}};
  return MakeChat("", FillSlots(questions[wording % questions.size()], values),
                  FillSlots(world.secrets.answer, values));
}

Chat PhishingChat(const World& world, const Secret& secret, uint64_t seed) {
  RandomStream stream(seed, "sandbox/world/secrets/phishing");
  Chat chat = SecretChat(world, secret, static_cast<int>(stream.Below(1 << 16)));
  const std::string life =
      FillSlots(stream.Pick(world.secrets.biographies),
                {{"person", secret.person},
                 {"place", stream.Pick(world.requests.sensitive_objects).word},
                 {"hobby", stream.Pick(world.requests.harmless_objects).word}});
  chat.messages.front().content = life + " " + chat.messages.front().content;
  return chat;
}

bool Reveals(std::string_view answer, const Secret& secret) {
  const std::string text = " " + absl::StrJoin(WordsOf(answer), " ") + " ";
  return text.find(" " + secret.code + " ") != std::string::npos;
}

}  // namespace tuneward
