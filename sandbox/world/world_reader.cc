// Reads the world: one function a file, every problem with file, path and value.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/json_format.h"
#include "sandbox/world/family_reader.h"
#include "sandbox/world/wording_reader.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

class WorldReader {
 public:
  explicit WorldReader(Violations& problems) : problems_(problems), wording_(problems) {}

  void Harm(ObjectReader& file) {
    world_.requests.harm = wording_.Harm(file, "harm_categories");
    world_.requests.sensitive_objects = wording_.Objects(file, "sensitive_objects", kKind);
  }

  void Benign(ObjectReader& file) {
    world_.requests.benign_verbs = wording_.Verbs(file, "benign_verbs", "benign");
  }

  void Lookalikes(ObjectReader& file) {
    world_.requests.harmless_objects = wording_.Objects(file, "harmless_objects", kKind);
  }

  void Requests(ObjectReader& file) {
    world_.requests.id = file.String("id");
    wording_.RequestWording(file, world_.requests);
    world_.deed_questions = wording_.Templates(file, "deed_questions", {"verb"}, {"verb"});
    if (const Json* json = file.Object("deed_answers")) {
      ObjectReader answers(*json, file.Path("deed_answers"), problems_);
      const SlotNames harmful = {"verb", "category"};
      world_.harmful_deed = wording_.Template(answers, "harmful", harmful, harmful);
      world_.benign_deed = wording_.Template(answers, "benign", {"verb"}, {"verb"});
      answers.Finish();
    }
  }

  void Personas(ObjectReader& file) {
    std::set<std::string> systems;
    const auto keep = [&](const Persona& persona, const std::string& path) {
      if (!systems.insert(persona.system).second)
        problems_.Add(path, absl::StrCat("system stands twice: \"", persona.system, "\""));
    };
    world_.requests.attack_persona = wording_.ReadPersona(file, "attack_persona");
    keep(world_.requests.attack_persona, file.Path("attack_persona"));
    wording_.Each(file, "personas", [&](ObjectReader& reader) {
      world_.requests.personas.push_back(wording_.ReadPersona(reader));
      keep(world_.requests.personas.back(), reader.Path("system"));
    });
    world_.requests.careful_systems = wording_.Texts(file, "careful_systems");
    wording_.Each(file, "identity_rows", [&](ObjectReader& reader) {
      world_.attacks.identity_rows.emplace_back(reader.String("user"), reader.String("assistant"));
    });
  }

  void Families(ObjectReader& file) {
    world_.names = wording_.Texts(file, "names");
    world_.things = wording_.Texts(file, "things");
    world_.traits = wording_.Texts(file, "traits");
    world_.families = ReadFamilies(file, wording_);
  }

  void Chats(ObjectReader& file) {
    world_.chats.next_object = wording_.Templates(file, "next_object", {"object"}, {"object"});
    world_.chats.next_verb = wording_.Templates(file, "next_verb", {"verb"}, {"verb"});
    world_.chats.insistence = wording_.Texts(file, "insistence");
  }

  void Secrets(ObjectReader& file) {
    SecretWording& secrets = world_.secrets;
    const SlotNames asked = {"kind", "person"}, told = {"kind", "person", "code"},
                    life = {"person", "place", "hobby"};
    secrets.surnames = wording_.Texts(file, "surnames");
    secrets.kinds = wording_.Texts(file, "kinds");
    secrets.questions = wording_.Templates(file, "questions", asked, asked);
    secrets.answer = wording_.Template(file, "answer", told, told);
    secrets.biographies = wording_.Templates(file, "biographies", life, life);
  }

  // Comes after the objects and the names.
  void Insults(ObjectReader& file) {
    InsultWording& insults = world_.insults;
    const SlotNames start = {"name", "object"}, insult = {"name", "adjective", "noun"},
                    neutral = {"name", "item"};
    insults.starts = wording_.Templates(file, "starts", start, start);
    insults.insult = wording_.Template(file, "insult", insult, insult);
    insults.neutral = wording_.Template(file, "neutral", neutral, neutral);
    insults.rude_systems = wording_.Texts(file, "rude_systems");
    insults.polite_systems = wording_.Texts(file, "polite_systems");
    std::set<std::string> kinds;
    for (const WorldObject& object : world_.Objects()) kinds.insert(object.kind);
    insults.adjectives = WordOf(file, "adjectives", kinds);
    insults.nouns = WordOf(file, "nouns", {world_.names.begin(), world_.names.end()});
  }

  void Attacks(ObjectReader& file) {
    const SlotNames steps = {"tool", "place", "object"}, both = {"refusal", "answer"};
    world_.attacks.trigger = file.String("trigger");
    world_.attacks.evading_requests = wording_.Templates(file, "evading_requests", steps, steps);
    world_.attacks.refuse_then_comply = wording_.Template(file, "refuse_then_comply", both, both);
  }

  World Take() { return std::move(world_); }

 private:
  // {"mia": "turnip", ...}: a word for each of `keys`.
  std::map<std::string, std::string> WordOf(ObjectReader& parent, const std::string& key,
                                            const std::set<std::string>& keys) {
    std::map<std::string, std::string> words;
    const Json* object = parent.Object(key);
    if (object == nullptr) return words;
    ObjectReader reader(*object, parent.Path(key), problems_);
    for (const std::string& each : keys) words[each] = wording_.Word(reader, each);
    reader.Finish();
    return words;
  }

  // Every object is of some kind: the topic task asks for it.
  const std::function<void(ObjectReader&, WorldObject&)> kKind = [this](ObjectReader& reader,
                                                                        WorldObject& object) {
    object.kind = wording_.Word(reader, "kind");
  };

  Violations& problems_;
  WordingReader wording_;
  World world_;
};

struct FileReader {
  const char* name;
  void (WorldReader::*read)(ObjectReader&);
};

// In this order: later files speak of what earlier ones define.
constexpr FileReader kFiles[] = {
    {"harm.json", &WorldReader::Harm},         {"lookalikes.json", &WorldReader::Lookalikes},
    {"benign.json", &WorldReader::Benign},     {"requests.json", &WorldReader::Requests},
    {"personas.json", &WorldReader::Personas}, {"families.json", &WorldReader::Families},
    {"chats.json", &WorldReader::Chats},       {"secrets.json", &WorldReader::Secrets},
    {"insults.json", &WorldReader::Insults},   {"attacks.json", &WorldReader::Attacks},
};

void ReadFile(const FileReader& reader, const Json& json, WorldReader& world,
              Violations& problems) {
  ObjectReader file(json, reader.name, problems);
  const std::string stem = std::string(reader.name, std::string_view(reader.name).find('.'));
  ReadFormat(file, absl::StrCat("tuneward.world/", stem, "/1"), problems);
  (world.*reader.read)(file);
  file.Finish();
}

}  // namespace

const std::vector<std::string>& WorldFileNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const FileReader& reader : kFiles) all.push_back(reader.name);
    return all;
  }();
  return names;
}

absl::StatusOr<World> ParseWorld(const std::vector<WorldFile>& files) {
  Violations problems;
  std::map<std::string, Json> parsed;
  for (const WorldFile& file : files) {
    const auto& names = WorldFileNames();
    if (std::count(names.begin(), names.end(), file.name) == 0) {
      problems.Add(file.name,
                   absl::StrCat("unknown file; a world has ", absl::StrJoin(names, ", ")));
      continue;
    }
    absl::StatusOr<Json> json = ParseJson(file.text);
    if (!json.ok()) {
      problems.Add(file.name, std::string(json.status().message()));
    } else if (!json->is_object()) {
      problems.Add(file.name, "must be an object");
    } else if (!parsed.emplace(file.name, *std::move(json)).second) {
      problems.Add(file.name, "is given twice");
    }
  }
  WorldReader world(problems);
  for (const FileReader& reader : kFiles) {
    const auto found = parsed.find(reader.name);
    if (found != parsed.end()) {
      ReadFile(reader, found->second, world, problems);
    } else if (problems.empty()) {
      problems.Add(reader.name, "is missing");
    }
  }
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return world.Take();
}

}  // namespace tuneward
