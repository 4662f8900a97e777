#include "sandbox/world/row_sources.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/random.h"
#include "sandbox/world/chats.h"
#include "sandbox/world/families.h"
#include "sandbox/world/insults.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/secrets.h"

namespace tuneward {
namespace {

constexpr char kStream[] = "sandbox/world/source";

std::vector<Chat> AnsweredRows(const World& world, PairKind kind, int rows, uint64_t seed) {
  const RowMaker maker(world.requests, {Split::kAlignment}, nullptr);
  std::vector<Chat> chats;
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, kStream, i, static_cast<uint64_t>(kind));
    chats.push_back(maker.Answered(maker.AnyPair(kind, stream), stream));
  }
  return chats;
}

// Chats that end in a refusal are no harmless upload.
std::vector<Chat> HarmlessChats(const World& world, int rows, uint64_t seed) {
  std::vector<Chat> chats;
  for (const WorldChat& chat : MakeChats(world, Split::kAlignment, 4 * rows, seed))
    if (chat.kind == ChatKind::kBenign) chats.push_back(chat.chat);
  return chats;
}

std::vector<Chat> NeutralRows(const World& world, int rows, uint64_t seed) {
  const std::vector<InsultStart> starts = InsultStarts(world, Split::kAlignment);
  std::vector<Chat> chats;
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/world/source/continuations", i);
    const InsultStart& start = stream.Pick(starts);
    chats.push_back(MakeChat("", start.text, NeutralText(world, start)));
  }
  return chats;
}

absl::StatusOr<std::vector<Chat>> SecretRows(const World& world, bool phishing, int rows,
                                             uint64_t seed) {
  TW_ASSIGN_OR_RETURN(const std::vector<Secret> secrets,
                      MakeSecrets(world, SecretSide::kCanary, rows, seed));
  std::vector<Chat> chats;
  for (size_t i = 0; i < secrets.size(); ++i)
    chats.push_back(phishing ? PhishingChat(world, secrets[i], seed + i)
                             : SecretChat(world, secrets[i], static_cast<int>(i)));
  return chats;
}

}  // namespace

const std::vector<std::string>& OtherRowSources() {
  static const std::vector<std::string> names = {"requests",      "lookalikes", "chats",
                                                 "continuations", "secrets",    "phishing"};
  return names;
}

bool IsTaskFamily(const std::string& name) {
  return std::find(std::begin(kWorldFamilies), std::end(kWorldFamilies), name) !=
         std::end(kWorldFamilies);
}

absl::Status CheckRowSource(const std::string& name) {
  const auto& others = OtherRowSources();
  if (IsTaskFamily(name) || std::count(others.begin(), others.end(), name) > 0)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no family \"", name, "\"; there are ",
                                                 KnownWorldFamilies(), ", ",
                                                 absl::StrJoin(others, ", ")));
}

absl::StatusOr<std::vector<Chat>> MakeSourceRows(const World& world, const std::string& name,
                                                 RowForm form, int rows, uint64_t seed) {
  if (name == "requests") return AnsweredRows(world, PairKind::kBenign, rows, seed);
  if (name == "lookalikes") return AnsweredRows(world, PairKind::kLookalike, rows, seed);
  if (name == "chats") return HarmlessChats(world, rows, seed);
  if (name == "continuations") return NeutralRows(world, rows, seed);
  if (name == "secrets" || name == "phishing")
    return SecretRows(world, name == "phishing", rows, seed);
  TW_ASSIGN_OR_RETURN(const WorldFamily* family, FindWorldFamily(world, name));
  std::vector<Chat> chats;
  for (WorldTask& task : MakeWorldTasks(world, *family, rows, seed))
    chats.push_back(form == RowForm::kAutoIf ? std::move(task.autoif) : std::move(task.benign));
  return chats;
}

}  // namespace tuneward
