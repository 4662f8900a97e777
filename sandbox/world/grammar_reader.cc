// Reads grammar.json: one function a part of the file, every problem with its path.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sandbox/world/wording_reader.h"

namespace tuneward {
namespace {

class GrammarReader {
 public:
  explicit GrammarReader(Violations& problems) : problems_(problems), wording_(problems) {}

  Grammar Read(const Json& json) {
    Grammar grammar;
    ObjectReader top(json, "", problems_);
    const std::string format = top.String("format");
    if (format != "tuneward.grammar/1")
      problems_.Add("format", absl::StrCat("must be \"tuneward.grammar/1\", got \"", format, "\""));
    grammar.id = top.String("id");
    grammar.benign_verbs = wording_.Verbs(top, "benign_verbs", "benign");
    grammar.harm = wording_.Harm(top, "harm_categories");
    grammar.traits = wording_.Texts(top, "traits");
    const auto traits = [&](ObjectReader& reader, WorldObject& object) {
      object.traits = Traits(reader, grammar.traits);
    };
    grammar.sensitive_objects = wording_.Objects(top, "sensitive_objects", traits);
    grammar.harmless_objects = wording_.Objects(top, "harmless_objects", traits);
    wording_.RequestWording(top, grammar);
    grammar.attack_persona = wording_.ReadPersona(top, "attack_persona");
    wording_.Each(top, "personas", [&](ObjectReader& reader) {
      grammar.personas.push_back(wording_.ReadPersona(reader));
    });
    grammar.careful_systems = wording_.Texts(top, "careful_systems");
    grammar.names = wording_.Texts(top, "names");
    grammar.things = wording_.Texts(top, "things");
    if (const Json* families = top.Object("families")) Families(*families, grammar);
    top.Finish();
    return grammar;
  }

 private:
  std::vector<std::string> Traits(ObjectReader& reader, const std::vector<std::string>& known) {
    std::vector<std::string> traits = reader.Strings("traits");
    for (const std::string& trait : traits)
      if (std::count(known.begin(), known.end(), trait) != 1)
        problems_.Add(reader.Path("traits"), absl::StrCat("\"", trait, "\" is none of traits"));
    return traits;
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

  void Family(ObjectReader& families, const std::string& name, const SlotNames& required,
              const SlotNames& allowed, const std::vector<std::string>& labels, Grammar& grammar) {
    const Json* json = families.Object(name);
    if (json == nullptr) return;
    ObjectReader reader(*json, families.Path(name), problems_);
    TaskFamily family;
    family.benign = wording_.Template(reader, "benign", {"question"}, {"question"});
    family.autoif = wording_.Template(reader, "autoif", {"question"}, {"question"});
    family.questions = wording_.Templates(reader, "questions", required, allowed);
    if (const Json* outcomes = reader.Object("outcomes")) {
      ObjectReader by_label(*outcomes, reader.Path("outcomes"), problems_);
      for (const std::string& label : labels) {
        const Json* outcome = by_label.Object(label);
        if (outcome == nullptr) continue;
        ObjectReader forms(*outcome, by_label.Path(label), problems_);
        family.outcomes[label] = {wording_.Template(forms, "benign", {}, allowed),
                                  wording_.Template(forms, "autoif", {}, allowed)};
        forms.Finish();
      }
      by_label.Finish();
    }
    reader.Finish();
    grammar.families[name] = std::move(family);
  }

  Violations& problems_;
  WordingReader wording_;
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
