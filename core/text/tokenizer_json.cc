#include "core/text/tokenizer_json.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"
#include "core/text/byte_alphabet.h"
#include "core/text/lookup.h"
#include "core/text/tokenizer_json_keys.h"

namespace tuneward {
namespace {

std::string Quoted(const std::string& text) {
  constexpr size_t kShownBytes = 80;
  return absl::StrCat("\"", CutText(text, kShownBytes), "\"");
}

absl::Status Refusal(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

// Fills a BpeFile; each Read names what it reads in its errors.
class Reader {
 public:
  absl::StatusOr<BpeFile> Read(std::string_view text) {
    TW_ASSIGN_OR_RETURN(const Json root, ParseJson(text));
    if (!root.is_object()) return KeyError("$", "must be an object", &root);
    const Json* model = FindKey(root, "model");
    if (model == nullptr || !model->is_object())
      return KeyError("model", "must be an object", model);
    TW_RETURN_IF_ERROR(ReadPipeline(root, file_));
    TW_RETURN_IF_ERROR(ReadVocab(FindKey(*model, "vocab")));
    TW_RETURN_IF_ERROR(ReadAddedTokens(FindKey(root, "added_tokens")));
    TW_RETURN_IF_ERROR(ReadBytes());
    TW_RETURN_IF_ERROR(ReadMerges(FindKey(*model, "merges")));
    return std::move(file_);
  }

 private:
  static bool IsTokenId(const Json& value) {
    return value.is_number_integer() && value >= 0 && value <= kMaxTokenId;
  }
  static std::string BadId() {
    return absl::StrCat("must be an integer in [0, ", kMaxTokenId, "]");
  }

  // Gives the id its text, or says whose it is.
  absl::Status Take(TokenId id, const std::string& text, const std::string& path) {
    const auto index = static_cast<size_t>(id);
    if (index >= file_.tokens.size()) file_.tokens.resize(index + 1);
    if (taken_.size() < file_.tokens.size()) taken_.resize(file_.tokens.size());
    if (taken_[index])
      return Refusal(path, absl::StrCat("id ", id, " is that of another token, ",
                                        Quoted(file_.tokens[index])));
    taken_[index] = true;
    file_.tokens[index] = text;
    ids_.Insert(text, id);
    return absl::OkStatus();
  }

  absl::Status ReadVocab(const Json* vocab) {
    if (vocab == nullptr || !vocab->is_object() || vocab->empty())
      return KeyError("model.vocab", "must be an object of tokens and their ids", vocab);
    ids_.Reserve(vocab->size());
    for (const auto& [token, id] : vocab->items()) {
      const std::string path = absl::StrCat("model.vocab[", Quoted(token), "]");
      if (token.empty()) return KeyError(path, "the token must not be empty", &id);
      if (!IsTokenId(id)) return KeyError(path, BadId(), &id);
      TW_RETURN_IF_ERROR(Take(id.get<TokenId>(), token, path));
    }
    return absl::OkStatus();
  }

  absl::Status ReadFlag(const Json& token, const std::string& path, const char* key, bool* out) {
    const Json* value = FindKey(token, key);
    if (value != nullptr && !value->is_boolean())
      return KeyError(absl::StrCat(path, ".", key), "must be true or false", value);
    *out = value != nullptr && value->get<bool>();
    return absl::OkStatus();
  }

  absl::Status ReadAddedToken(const Json& json, const std::string& path) {
    if (!json.is_object()) return KeyError(path, "must be an object", &json);
    AddedToken token;
    const Json* content = FindKey(json, "content");
    if (content == nullptr || !content->is_string() || *content == "")
      return KeyError(path + ".content", "must be a string that is not empty", content);
    token.content = content->get<std::string>();
    const Json* id = FindKey(json, "id");
    if (id == nullptr || !IsTokenId(*id)) return KeyError(path + ".id", BadId(), id);
    token.id = id->get<TokenId>();
    TW_RETURN_IF_ERROR(ReadFlag(json, path, "special", &token.special));
    TW_RETURN_IF_ERROR(ReadFlag(json, path, "normalized", &token.normalized));
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      bool set = false;
      TW_RETURN_IF_ERROR(ReadFlag(json, path, key, &set));
      // Nothing is looked for in text for a special token, so that there these change nothing.
      if (set && !token.special)
        return KeyError(absl::StrCat(path, ".", key),
                        "must be false: it is supported for special tokens only", &json);
    }
    if (!added_.insert(token.content).second)
      return KeyError(path + ".content", "must not be added twice", content);
    const TokenId* known = ids_.Find(token.content);
    token.in_vocab = known != nullptr;
    if (!token.in_vocab) TW_RETURN_IF_ERROR(Take(token.id, token.content, path));
    if (token.in_vocab && *known != token.id)
      return KeyError(path + ".id", absl::StrCat("must be ", *known, " as in model.vocab"), id);
    if (token.special) special_.insert(token.id);
    file_.added.push_back(std::move(token));
    return absl::OkStatus();
  }

  absl::Status ReadAddedTokens(const Json* added) {
    if (added == nullptr) return absl::OkStatus();
    if (!added->is_array()) return KeyError("added_tokens", "must be a list", added);
    for (size_t i = 0; i < added->size(); ++i)
      TW_RETURN_IF_ERROR(ReadAddedToken((*added)[i], absl::StrCat("added_tokens[", i, "]")));
    return absl::OkStatus();
  }

  // Any text can be written when every byte has its token.
  absl::Status ReadBytes() {
    for (size_t byte = 0; byte < 256; ++byte) {
      const std::string& character = ByteAlphabet()[byte];
      const std::string path = absl::StrCat("model.vocab[", Quoted(character), "]");
      const TokenId* id = ids_.Find(character);
      if (id == nullptr)
        return Refusal(path, absl::StrCat("is missing: it is the token of byte ", byte));
      if (special_.contains(*id))
        return Refusal(path, "a byte's token must not be special: text would become it");
      file_.bytes[byte] = *id;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TokenId> IdOf(const std::string& path, std::string_view token) {
    if (const TokenId* id = ids_.Find(token); id != nullptr) return *id;
    return Refusal(
        path, absl::StrCat("names a token that model.vocab lacks, ", Quoted(std::string(token))));
  }

  // "a b", or ["a", "b"].
  static absl::Status ReadPair(const Json& json, const std::string& path, std::string_view* left,
                               std::string_view* right) {
    if (json.is_string()) {
      const std::string_view text = json.get_ref<const std::string&>();
      const size_t space = text.find(' ');
      if (space != text.npos && text.find(' ', space + 1) == text.npos) {
        *left = text.substr(0, space);
        *right = text.substr(space + 1);
        return absl::OkStatus();
      }
    } else if (json.is_array() && json.size() == 2 && json[0].is_string() && json[1].is_string()) {
      *left = json[0].get_ref<const std::string&>();
      *right = json[1].get_ref<const std::string&>();
      return absl::OkStatus();
    }
    return KeyError(path, "must be two tokens, \"a b\" or [\"a\", \"b\"]", &json);
  }

  absl::Status ReadMerges(const Json* merges) {
    if (merges == nullptr || !merges->is_array())
      return KeyError("model.merges", "must be a list", merges);
    Lookup<std::pair<TokenId, TokenId>, bool> seen;
    seen.Reserve(merges->size());
    file_.merges.reserve(merges->size());
    for (size_t i = 0; i < merges->size(); ++i) {
      const std::string path = absl::StrCat("model.merges[", i, "]");
      std::string_view left, right;
      TW_RETURN_IF_ERROR(ReadPair((*merges)[i], path, &left, &right));
      BpeMerge merge;
      TW_ASSIGN_OR_RETURN(merge.left, IdOf(path, left));
      TW_ASSIGN_OR_RETURN(merge.right, IdOf(path, right));
      TW_ASSIGN_OR_RETURN(merge.made, IdOf(path, std::string(left) + std::string(right)));
      if (!seen.Insert({merge.left, merge.right}, true))
        return KeyError(path, "must not be there twice", &(*merges)[i]);
      if (special_.contains(merge.made))
        return KeyError(path, "must not make a special token: text would become it", &(*merges)[i]);
      file_.merges.push_back(merge);
    }
    return absl::OkStatus();
  }

  BpeFile file_;
  std::vector<bool> taken_;  // by id
  Lookup<std::string, TokenId> ids_;
  std::set<std::string> added_;
  std::set<TokenId> special_;
};

}  // namespace

absl::StatusOr<BpeFile> ParseTokenizerJson(std::string_view text) { return Reader().Read(text); }

}  // namespace tuneward
