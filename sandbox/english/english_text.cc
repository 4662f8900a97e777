#include "sandbox/english/english_text.h"

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/json.h"
#include "core/base/json_format.h"
#include "sandbox/world/wording_reader.h"

namespace tuneward {
namespace {

Split ReadSplit(ObjectReader& row, Violations& problems) {
  const std::string name = row.String("split");
  for (const auto& [known, split] : {std::pair("alignment", Split::kAlignment),
                                     {"pool", Split::kPool},
                                     {"evaluation", Split::kEvaluation}})
    if (name == known) return split;
  if (row.Has("split"))
    problems.Add(row.Path("split"),
                 absl::StrCat("must be alignment, pool or evaluation, got \"", name, "\""));
  return Split::kAlignment;
}

class EnglishReader {
 public:
  explicit EnglishReader(Violations& problems) : problems_(problems), wording_(problems) {}

  void Harm(ObjectReader& file) {
    wording_.Each(file, "categories", [&](ObjectReader& category) {
      const std::string name = OwnName(category);
      const bool held_out = category.Bool("held_out");
      const size_t first = text_.harmful.size();
      Rows(category, "harm/" + name, name, "refusal", /*has_split=*/true, text_.harmful);
      for (size_t i = first; i < text_.harmful.size(); ++i) {
        EnglishRequest& row = text_.harmful[i];
        row.held_out = held_out;
        if (held_out && row.split != Split::kEvaluation)
          problems_.Add(absl::StrCat(category.Path("rows"), "[", i - first, "].split"),
                        "must be evaluation in a category that is held out");
      }
    });
  }

  void Lookalikes(ObjectReader& file) {
    wording_.Each(file, "types", [&](ObjectReader& type) {
      const std::string name = OwnName(type);
      Rows(type, "safe/" + name, name, "answer", /*has_split=*/true, text_.lookalikes);
    });
  }

  void Benign(ObjectReader& file) {
    Rows(file, "benign", "everyday", "answer", /*has_split=*/false, text_.benign);
    const Json* const chats = file.Array("chats");
    for (size_t i = 0; chats != nullptr && i < chats->size(); ++i) ReadChat(file, (*chats)[i], i);
  }

  void Personas(ObjectReader& file) {
    wording_.Each(file, "personas", [&](ObjectReader& row) {
      text_.personas.push_back(
          {row.Filled("name"), row.Filled("system"), row.Filled("lead_in"), ""});
    });
  }

  void Careful(ObjectReader& file) { text_.careful = wording_.Texts(file, "prompts"); }

  void Forms(ObjectReader& file) {
    text_.attack_persona = wording_.ReadPersona(file, "attack_persona");
    text_.wrappers = wording_.Templates(file, "wrappers", {"request"}, {"request"});
  }

  EnglishText Take() { return std::move(text_); }

 private:
  // Ids are made from it.
  std::string OwnName(ObjectReader& group) {
    const std::string name = group.Filled("name");
    if (!names_.insert(name).second)
      problems_.Add(group.Path("name"), absl::StrCat("\"", name, "\" stands twice"));
    return name;
  }

  void Rows(ObjectReader& parent, const std::string& prefix, const std::string& category,
            const std::string& answer_key, bool has_split, std::vector<EnglishRequest>& rows) {
    int number = 0;
    wording_.Each(parent, "rows", [&](ObjectReader& row) {
      EnglishRequest request;
      request.id = absl::StrFormat("%s/%03d", prefix, number++);
      request.category = category;
      request.request = row.Filled("request");
      request.answer = row.Filled(answer_key);
      if (has_split) request.split = ReadSplit(row, problems_);
      const auto [seen, fresh] =
          seen_.try_emplace(absl::AsciiStrToLower(request.request), row.Path("request"));
      if (!fresh)
        problems_.Add(row.Path("request"),
                      absl::StrCat("\"", request.request, "\" stands at ", seen->second, ", too"));
      rows.push_back(std::move(request));
    });
  }

  // A list of turns of two texts each.
  void ReadChat(ObjectReader& file, const Json& turns, size_t index) {
    const std::string path = absl::StrCat(file.Path("chats"), "[", index, "]");
    if (!turns.is_array() || turns.empty()) {
      problems_.Add(path, "must be a list of turns, and not an empty one");
      return;
    }
    Chat chat;
    for (size_t i = 0; i < turns.size(); ++i) {
      const std::string place = absl::StrCat(path, "[", i, "]");
      if (!turns[i].is_object()) {
        problems_.Add(place, "must be an object");
        continue;
      }
      ObjectReader turn(turns[i], place, problems_);
      chat.messages.push_back({Role::kUser, turn.Filled("request")});
      chat.messages.push_back({Role::kAssistant, turn.Filled("answer")});
      turn.Finish();
    }
    text_.chats.push_back(std::move(chat));
  }

  Violations& problems_;
  WordingReader wording_;
  EnglishText text_;
  std::set<std::string> names_;              // of categories and types
  std::map<std::string, std::string> seen_;  // request in lower case: path
};

struct FileReader {
  const char* stem;
  void (EnglishReader::*read)(ObjectReader&);
};

constexpr FileReader kFiles[] = {
    {"harm", &EnglishReader::Harm},       {"lookalikes", &EnglishReader::Lookalikes},
    {"benign", &EnglishReader::Benign},   {"personas", &EnglishReader::Personas},
    {"careful", &EnglishReader::Careful}, {"forms", &EnglishReader::Forms},
};

void ReadFile(const FileReader& reader, std::string_view text, EnglishReader& english,
              Violations& problems) {
  const std::string name = absl::StrCat(reader.stem, ".json");
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) {
    problems.Add(name, json.ok() ? "must be an object" : std::string(json.status().message()));
    return;
  }
  ObjectReader file(*json, name, problems);
  ReadFormat(file, absl::StrCat("tuneward.english/", reader.stem, "/1"), problems);
  (english.*reader.read)(file);
  file.Finish();
}

}  // namespace

absl::StatusOr<EnglishText> ParseEnglish(const std::vector<EnglishFile>& files) {
  Violations problems;
  EnglishReader english(problems);
  for (const FileReader& reader : kFiles) {
    const std::string name = absl::StrCat(reader.stem, ".json");
    std::vector<std::string_view> texts;
    for (const EnglishFile& file : files)
      if (file.name == name) texts.push_back(file.text);
    if (texts.size() == 1)
      ReadFile(reader, texts.front(), english, problems);
    else
      problems.Add(name, texts.empty() ? "is missing" : "is given twice");
  }
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return english.Take();
}

std::string_view BuiltInEnglishFile(std::string_view name) {
  for (const EnglishFile& file : BuiltInEnglishFiles())
    if (file.name == name) return file.text;
  TW_CHECK(!"there is such a file");
  return "";
}

const EnglishText& BuiltInEnglish() {
  static const EnglishText text = ParseEnglish(BuiltInEnglishFiles()).value();
  return text;
}

}  // namespace tuneward
