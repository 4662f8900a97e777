#include "sandbox/world/wording_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sandbox/world/slots.h"

namespace tuneward {

void WordingReader::Each(ObjectReader& parent, const std::string& key,
                         const std::function<void(ObjectReader&)>& read) {
  const Json* array = parent.Array(key);
  if (array == nullptr) return;
  if (array->empty()) problems_.Add(parent.Path(key), "must not be empty");
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string path = absl::StrCat(parent.Path(key), "[", i, "]");
    if (!(*array)[i].is_object()) {
      problems_.Add(path, "must be an object");
      continue;
    }
    ObjectReader reader((*array)[i], path, problems_);
    read(reader);
    reader.Finish();
  }
}

std::string WordingReader::Word(ObjectReader& reader, const std::string& key) {
  const std::string word = reader.String(key);
  const bool ok = !word.empty() && std::all_of(word.begin(), word.end(),
                                               [](char c) { return c >= 'a' && c <= 'z'; });
  if (!ok && reader.Has(key))
    problems_.Add(reader.Path(key), absl::StrCat("must be a word of a to z, got \"", word, "\""));
  return word;
}

std::string WordingReader::OwnWord(ObjectReader& reader) {
  const std::string word = Word(reader, "word");
  if (!word.empty() && !own_words_.insert(word).second)
    problems_.Add(reader.Path("word"), absl::StrCat("\"", word, "\" stands in the grammar twice"));
  return word;
}

std::string WordingReader::Template(std::string text, const std::string& path,
                                    const SlotNames& required, const SlotNames& allowed) {
  const std::vector<std::string> list = SlotsOf(text);
  const SlotNames found(list.begin(), list.end());
  for (const std::string& slot : required)
    if (!found.contains(slot))
      problems_.Add(path, absl::StrCat("slot {", slot, "} is missing in \"", text, "\""));
  for (const std::string& slot : found)
    if (!allowed.contains(slot))
      problems_.Add(path, absl::StrCat("unknown slot {", slot,
                                       "}; slots here: ", absl::StrJoin(allowed, ", ")));
  return text;
}

std::string WordingReader::Template(ObjectReader& reader, const std::string& key,
                                    const SlotNames& required, const SlotNames& allowed) {
  std::string text = reader.String(key);
  if (!reader.Has(key)) return text;
  return Template(std::move(text), reader.Path(key), required, allowed);
}

std::vector<std::string> WordingReader::Templates(ObjectReader& parent, const std::string& key,
                                                  const SlotNames& required,
                                                  const SlotNames& allowed) {
  std::vector<std::string> texts = parent.Strings(key);
  if (texts.empty() && parent.Has(key)) problems_.Add(parent.Path(key), "must not be empty");
  std::set<std::string> seen;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string path = absl::StrCat(parent.Path(key), "[", i, "]");
    Template(texts[i], path, required, allowed);
    if (!seen.insert(texts[i]).second)
      problems_.Add(path, absl::StrCat("stands twice: \"", texts[i], "\""));
  }
  return texts;
}

std::vector<std::string> WordingReader::Texts(ObjectReader& parent, const std::string& key) {
  return Templates(parent, key, {}, {});
}

std::vector<WorldVerb> WordingReader::Verbs(ObjectReader& parent, const std::string& key,
                                            const std::string& category) {
  std::vector<WorldVerb> verbs;
  Each(parent, key, [&](ObjectReader& reader) {
    const std::string word = OwnWord(reader);
    verbs.push_back({word, Word(reader, "tool"), Word(reader, "place"), category});
    if (!verb_steps_.insert({verbs.back().tool, verbs.back().place}).second)
      problems_.Add(reader.Path("tool"),
                    absl::StrCat("another verb has the same tool and place as \"", word, "\""));
  });
  return verbs;
}

std::vector<HarmCategory> WordingReader::Harm(ObjectReader& parent, const std::string& key) {
  std::vector<HarmCategory> categories;
  std::set<std::string> ids;
  Each(parent, key, [&](ObjectReader& reader) {
    HarmCategory category;
    category.id = reader.String("id");
    if (!ids.insert(category.id).second)
      problems_.Add(reader.Path("id"), absl::StrCat("stands twice: \"", category.id, "\""));
    category.held_out = reader.Bool("held_out");
    category.verbs = Verbs(reader, "verbs", category.id);
    categories.push_back(std::move(category));
  });
  return categories;
}

std::vector<WorldObject> WordingReader::Objects(
    ObjectReader& parent, const std::string& key,
    const std::function<void(ObjectReader&, WorldObject&)>& read_more) {
  std::vector<WorldObject> objects;
  Each(parent, key, [&](ObjectReader& reader) {
    WorldObject object;
    object.word = OwnWord(reader);
    object.item = Word(reader, "item");
    object.device = Word(reader, "device");
    read_more(reader, object);
    objects.push_back(std::move(object));
  });
  return objects;
}

Persona WordingReader::ReadPersona(ObjectReader& reader) {
  return {reader.String("name"), reader.String("system"), reader.String("lead_in"),
          reader.String("preamble")};
}

Persona WordingReader::ReadPersona(ObjectReader& parent, const std::string& key) {
  const Json* json = parent.Object(key);
  if (json == nullptr) return {};
  ObjectReader reader(*json, parent.Path(key), problems_);
  Persona persona = ReadPersona(reader);
  reader.Finish();
  return persona;
}

void WordingReader::RequestWording(ObjectReader& reader, Grammar& grammar) {
  const SlotNames pair = {"verb", "object"};
  grammar.instructions = Templates(reader, "instructions", pair, pair);
  grammar.questions = Templates(reader, "questions", pair, pair);
  const SlotNames steps = {"tool", "item", "place", "device", "object"};
  grammar.answer = Template(reader, "answer", steps, steps);
  grammar.opening = reader.String("opening");
  grammar.refusals = Texts(reader, "refusals");
  grammar.refusal_marks = Texts(reader, "refusal_marks");
  CheckRefusalsAreMarked(reader, grammar);
  grammar.wrappers = Templates(reader, "wrappers", {"request"}, {"request"});
}

void WordingReader::CheckRefusalsAreMarked(const ObjectReader& reader, const Grammar& grammar) {
  for (size_t i = 0; i < grammar.refusals.size(); ++i) {
    const auto marks = [&](const std::string& mark) {
      return grammar.refusals[i].find(mark) != std::string::npos;
    };
    if (std::none_of(grammar.refusal_marks.begin(), grammar.refusal_marks.end(), marks))
      problems_.Add(absl::StrCat(reader.Path("refusals"), "[", i, "]"),
                    absl::StrCat("holds none of refusal_marks: \"", grammar.refusals[i], "\""));
  }
}

}  // namespace tuneward
