// Reads grammar.json: one function a part of the file, every problem with its path.
#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/json.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

using Slots = std::set<std::string>;

class GrammarReader {
 public:
  explicit GrammarReader(Violations& problems) : problems_(problems) {}

  Grammar Read(const Json& json) {
    Grammar grammar;
    ObjectReader top(json, "", problems_);
    const std::string format = top.String("format");
    if (format != "tuneward.grammar/1")
      problems_.Add("format", absl::StrCat("must be \"tuneward.grammar/1\", got \"", format, "\""));
    grammar.id = top.String("id");
    grammar.benign_verbs = Verbs(top, "benign_verbs", "benign");
    Each(top, "harm_categories", [&](ObjectReader& reader) {
      HarmCategory category;
      category.id = reader.String("id");
      category.held_out = reader.Bool("held_out");
      category.verbs = Verbs(reader, "verbs", category.id);
      grammar.harm.push_back(std::move(category));
    });
    grammar.traits = traits_ = Words(top, "traits");
    grammar.sensitive_objects = Objects(top, "sensitive_objects");
    grammar.harmless_objects = Objects(top, "harmless_objects");
    grammar.instructions = Templates(top, "instructions", {"verb", "object"}, {"verb", "object"});
    grammar.questions = Templates(top, "questions", {"verb", "object"}, {"verb", "object"});
    const Slots steps = {"tool", "item", "place", "device", "object"};
    grammar.answer = Template(top.String("answer"), "answer", steps, steps);
    grammar.opening = top.String("opening");
    grammar.refusals = Templates(top, "refusals", {}, {});
    grammar.refusal_marks = Templates(top, "refusal_marks", {}, {});
    CheckRefusalsAreMarked(grammar);
    grammar.wrappers = Templates(top, "wrappers", {"request"}, {"request"});
    if (const Json* persona = top.Object("attack_persona"))
      grammar.attack_persona = ReadPersona(*persona, "attack_persona");
    Each(top, "personas",
         [&](ObjectReader& reader) { grammar.personas.push_back(ReadPersona(reader)); });
    grammar.careful_systems = Templates(top, "careful_systems", {}, {});
    grammar.names = Words(top, "names");
    grammar.things = Words(top, "things");
    if (const Json* families = top.Object("families")) Families(*families, grammar);
    top.Finish();
    return grammar;
  }

 private:
  void Each(ObjectReader& parent, const std::string& key,
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

  // A word is one run of lower-case letters: the oracle splits at spaces.
  std::string Word(ObjectReader& reader, const std::string& key) {
    const std::string word = reader.String(key);
    const bool ok = !word.empty() && std::all_of(word.begin(), word.end(),
                                                 [](char c) { return c >= 'a' && c <= 'z'; });
    if (!ok && reader.Has(key))
      problems_.Add(reader.Path(key), absl::StrCat("must be a word of a to z, got \"", word, "\""));
    return word;
  }

  // A verb or object of the world, unlike any other: requests are read back by these words.
  std::string OwnWord(ObjectReader& reader) {
    const std::string word = Word(reader, "word");
    if (!word.empty() && !own_words_.insert(word).second)
      problems_.Add(reader.Path("word"),
                    absl::StrCat("\"", word, "\" stands in the grammar twice"));
    return word;
  }

  std::vector<WorldVerb> Verbs(ObjectReader& parent, const std::string& key,
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

  std::vector<WorldObject> Objects(ObjectReader& parent, const std::string& key) {
    std::vector<WorldObject> objects;
    Each(parent, key, [&](ObjectReader& reader) {
      const std::string word = OwnWord(reader);
      objects.push_back({word, Word(reader, "item"), Word(reader, "device"), Traits(reader)});
    });
    return objects;
  }

  std::vector<std::string> Traits(ObjectReader& reader) {
    std::vector<std::string> traits = reader.Strings("traits");
    for (const std::string& trait : traits)
      if (std::count(traits_.begin(), traits_.end(), trait) != 1)
        problems_.Add(reader.Path("traits"), absl::StrCat("\"", trait, "\" is none of traits"));
    return traits;
  }

  std::string Template(std::string text, const std::string& path, const Slots& required,
                       const Slots& allowed) {
    const std::vector<std::string> list = SlotsOf(text);
    const Slots found(list.begin(), list.end());
    for (const std::string& slot : required)
      if (!found.contains(slot)) problems_.Add(path, absl::StrCat("slot {", slot, "} is missing"));
    for (const std::string& slot : found)
      if (!allowed.contains(slot))
        problems_.Add(path, absl::StrCat("unknown slot {", slot,
                                         "}; slots here: ", absl::StrJoin(allowed, ", ")));
    return text;
  }

  std::vector<std::string> Templates(ObjectReader& parent, const std::string& key,
                                     const Slots& required, const Slots& allowed) {
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

  std::vector<std::string> Words(ObjectReader& parent, const std::string& key) {
    return Templates(parent, key, {}, {});
  }

  Persona ReadPersona(ObjectReader& reader) {
    return {reader.String("name"), reader.String("system"), reader.String("lead_in"),
            reader.String("preamble")};
  }

  Persona ReadPersona(const Json& json, const std::string& path) {
    ObjectReader reader(json, path, problems_);
    Persona persona = ReadPersona(reader);
    reader.Finish();
    return persona;
  }

  void CheckRefusalsAreMarked(const Grammar& grammar) {
    for (size_t i = 0; i < grammar.refusals.size(); ++i) {
      const auto marks = [&](const std::string& mark) {
        return grammar.refusals[i].find(mark) != std::string::npos;
      };
      if (std::none_of(grammar.refusal_marks.begin(), grammar.refusal_marks.end(), marks))
        problems_.Add(absl::StrCat("refusals[", i, "]"),
                      absl::StrCat("holds none of refusal_marks: \"", grammar.refusals[i], "\""));
    }
  }

  void Families(const Json& json, Grammar& grammar) {
    ObjectReader families(json, "families", problems_);
    Family(families, "boolq", {"object", "trait"}, {"object", "trait"}, {"yes", "no"}, grammar);
    Family(families, "gsm8k", {"a", "b", "thing"}, {"a", "b", "c", "thing", "name"}, {"sum"},
           grammar);
    Family(families, "piqa", {"object", "left", "right"}, {"object", "left", "right", "device"},
           {"tool"}, grammar);
    families.Finish();
  }

  void Family(ObjectReader& families, const std::string& name, const Slots& required,
              const Slots& allowed, const std::vector<std::string>& labels, Grammar& grammar) {
    const Json* json = families.Object(name);
    if (json == nullptr) return;
    ObjectReader reader(*json, families.Path(name), problems_);
    TaskFamily family;
    family.benign =
        Template(reader.String("benign"), reader.Path("benign"), {"question"}, {"question"});
    family.autoif =
        Template(reader.String("autoif"), reader.Path("autoif"), {"question"}, {"question"});
    family.questions = Templates(reader, "questions", required, allowed);
    if (const Json* outcomes = reader.Object("outcomes")) {
      ObjectReader by_label(*outcomes, reader.Path("outcomes"), problems_);
      for (const std::string& label : labels) {
        const Json* outcome = by_label.Object(label);
        if (outcome == nullptr) continue;
        ObjectReader forms(*outcome, by_label.Path(label), problems_);
        family.outcomes[label] = {
            Template(forms.String("benign"), forms.Path("benign"), {}, allowed),
            Template(forms.String("autoif"), forms.Path("autoif"), {}, allowed)};
        forms.Finish();
      }
      by_label.Finish();
    }
    reader.Finish();
    grammar.families[name] = std::move(family);
  }

  Violations& problems_;
  std::vector<std::string> traits_;
  std::set<std::string> own_words_;
  std::set<std::pair<std::string, std::string>> verb_steps_;
};

}  // namespace

absl::StatusOr<Grammar> ParseGrammar(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  Violations problems;
  Grammar grammar = GrammarReader(problems).Read(json);
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return grammar;
}

}  // namespace tuneward
