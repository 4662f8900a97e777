// Every family of chat templates against what jinja2 and the tokenizers package make of the same
// chats (tests/reference/chat_template_reference.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/base/file.h"
#include "core/data/chat_template.h"
#include "core/data/templates/families.h"
#include "core/data/templates/family_template.h"
#include "core/text/chat_symbols.h"
#include "core/text/sentencepiece_bridge.h"
#include "tests/unit/core/text/tokenizer_cases.h"
#include "tests/unit/core/text/toy_tokenizer.h"

namespace tuneward {
namespace {

// A sentencepiece tokenizer with the symbols of every family but <s> and </s>, which all have.
std::string ToyBytesWithAllSymbols(const std::vector<std::string>& more = {}) {
  SentencepieceTraining options;
  options.vocab_size = 400;
  options.control_symbols = more;
  for (const ChatFamily& family : ChatFamilies())
    for (const std::string symbol : family.controls)
      if (symbol != "<s>" && symbol != "</s>" &&
          std::find(options.control_symbols.begin(), options.control_symbols.end(), symbol) ==
              options.control_symbols.end())
        options.control_symbols.push_back(symbol);
  return TrainSentencepiece(ToySentences(), options).value();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos);
  EXPECT_EQ(text.find(from, at + 1), text.npos) << "twice";
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

Chat Asked(Chat chat) {
  chat.messages.pop_back();
  return chat;
}

std::vector<TokenId> TargetsOf(const RenderedChat& row) {
  std::vector<TokenId> targets;
  for (size_t i = 0; i < row.tokens.size(); ++i)
    if (row.is_target[i]) targets.push_back(row.tokens[i]);
  return targets;
}

class ChatFamiliesTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = TUNEWARD_SOURCE_DIR "/tests/reference/chat_templates/cases.json";
    cases_ = ParseJson(ReadFile(path).value()).value();
    for (const Json& messages : cases_["chats"])
      chats_.push_back(ChatFromJson({{"messages", messages}}).value());
    ASSERT_GE(chats_.size(), 8u);
  }
  // The families that the reference knows, with their rows.
  std::vector<std::pair<ChatFamily, const Json*>> Families() const {
    std::vector<std::pair<ChatFamily, const Json*>> found;
    for (const ChatFamily& family : ChatFamilies())
      if (const auto rows = cases_["families"].find(family.id); rows != cases_["families"].end())
        found.emplace_back(family, &*rows);
    EXPECT_EQ(found.size(), cases_["families"].size());
    EXPECT_EQ(found.size() + 1, ChatFamilies().size());  // tuneward/1 is ours alone
    return found;
  }
  Json cases_;
  std::vector<Chat> chats_;
};

TEST_F(ChatFamiliesTest, WritesTheTextOfThePublishedFormats) {
  for (const auto& [family, reference] : Families()) {
    for (size_t n = 0; n < chats_.size(); ++n) {
      const Json& row = reference->at("rows")[n];
      EXPECT_EQ(ChatText(family, chats_[n], false), row["text"]) << family.id << " chat " << n;
      EXPECT_EQ(ChatText(family, Asked(chats_[n]), true), row["prompt"]) << family.id << " " << n;
    }
  }
}

TEST_F(ChatFamiliesTest, TeachesTheAnswersAndTheirEndAndNothingElse) {
  for (const auto& [family, reference] : Families()) {
    for (size_t n = 0; n < chats_.size(); ++n) {
      ChatWriter writer;
      family.write(chats_[n], false, writer);
      std::vector<std::string> learnt;
      bool before = false;
      for (const ChatPart& part : writer.parts()) {
        if (part.learnt && !before) learnt.emplace_back();
        if (part.learnt) learnt.back() += part.text;
        before = part.learnt;
      }
      EXPECT_EQ(Json(learnt), reference->at("rows")[n]["learnt"]) << family.id << " chat " << n;
    }
  }
}

TEST_F(ChatFamiliesTest, GivesTheTokensAndTargetsOfTheTokenizersPackage) {
  int compared = 0;
  for (const auto& [family, reference] : Families()) {
    if (reference->at("tokenizer").is_null()) continue;
    const auto tokenizer = ReferenceTokenizer(reference->at("tokenizer"));
    const auto chat_template = MakeChatTemplate(family.id, *tokenizer).value();
    for (size_t n = 0; n < chats_.size(); ++n, ++compared) {
      const Json& row = reference->at("rows")[n];
      const RenderedChat got = chat_template->Render(chats_[n]);
      EXPECT_EQ(Json(got.tokens), row["ids"]) << family.id << " chat " << n;
      EXPECT_EQ(std::vector<int>(got.is_target.begin(), got.is_target.end()),
                row["is_target"].get<std::vector<int>>())
          << family.id << " chat " << n;
    }
  }
  EXPECT_EQ(compared, 5 * 8);
}

TEST_F(ChatFamiliesTest, PromptsAreTheBeginningOfRows) {
  const auto tokenizer = LoadSentencepieceFromBytes(ToyBytesWithAllSymbols()).value();
  for (const ChatFamily& family : ChatFamilies()) {
    const auto chat_template = MakeChatTemplate(family.id, *tokenizer).value();
    for (const Chat& chat : chats_) {
      const RenderedChat row = chat_template->Render(chat);
      const auto prompt = chat_template->RenderPrompt(Asked(chat));
      ASSERT_LT(prompt.size(), row.tokens.size()) << family.id;
      EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), row.tokens.begin())) << family.id;
      // What follows is the answer, then the symbol that stops a generation.
      EXPECT_TRUE(row.is_target[prompt.size()]) << family.id;
      EXPECT_EQ(TargetsOf(row).back(), chat_template->stop_ids().front()) << family.id;
      // A forced prefix goes on where the prompt ends.
      Chat forced = Asked(chat);
      forced.messages.push_back({Role::kAssistant, "Sure, \n"});
      const auto begun = chat_template->RenderPrompt(forced);
      ASSERT_GT(begun.size(), prompt.size());
      EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), begun.begin())) << family.id;
      EXPECT_EQ(tokenizer->Decode(
                    {begun.begin() + static_cast<std::ptrdiff_t>(prompt.size()), begun.end()}),
                std::string(family.answer_lead) + "Sure, \n");
    }
  }
}

TEST_F(ChatFamiliesTest, UserTextNeverBecomesASymbol) {
  const auto tokenizer = LoadSentencepieceFromBytes(ToyBytesWithAllSymbols()).value();
  for (const ChatFamily& family : ChatFamilies()) {
    const auto chat_template = MakeChatTemplate(family.id, *tokenizer).value();
    std::string spelled = "x";
    for (const char* symbol : family.controls) spelled += symbol;
    const auto plain = chat_template->Render(MakeChat("s", "u", "a")).tokens;
    const auto hostile = chat_template->Render(MakeChat(spelled, spelled, spelled)).tokens;
    for (const char* symbol : family.controls) {
      const TokenId id = tokenizer->ControlId(symbol);
      EXPECT_EQ(std::count(hostile.begin(), hostile.end(), id),
                std::count(plain.begin(), plain.end(), id))
          << family.id << " " << symbol;
    }
  }
}

// The lists of eos_token_id in generation_config.json of Meta-Llama-3-8B-Instruct,
// Llama-3.1-8B-Instruct, Qwen2.5-7B-Instruct and gemma-3-1b-it, as symbols; the first is the one
// that the template writes.
TEST_F(ChatFamiliesTest, StopsAtEveryTokenThatModelsOfTheFamilyEndWith) {
  const std::map<std::string, std::vector<std::string>> wanted = {
      {"tuneward/1", {"<|end|>"}},
      {"llama2/1", {"</s>"}},
      {"llama3/1", {"<|eot_id|>", "<|end_of_text|>"}},
      {"llama3.1/1", {"<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"}},
      {"chatml/1", {"<|im_end|>", "<|endoftext|>"}},
      {"qwen2.5/1", {"<|im_end|>", "<|endoftext|>"}},
      {"qwen3/1", {"<|im_end|>", "<|endoftext|>"}},
      {"mistral/1", {"</s>"}},
      {"mistral/3", {"</s>"}},
      {"gemma/1", {"<end_of_turn>", "<eos>"}}};
  const auto bare = LoadSentencepieceFromBytes(ToyBytesWithAllSymbols()).value();
  const auto full =
      LoadSentencepieceFromBytes(
          ToyBytesWithAllSymbols({"<|end_of_text|>", "<|eom_id|>", "<|endoftext|>", "<eos>"}))
          .value();
  for (const ChatFamily& family : ChatFamilies()) {
    ASSERT_TRUE(wanted.contains(family.id)) << family.id;
    std::vector<TokenId> ids;
    for (const std::string& symbol : wanted.at(family.id)) ids.push_back(full->ControlId(symbol));
    EXPECT_EQ(std::count(ids.begin(), ids.end(), -1), 0) << family.id;
    EXPECT_EQ(MakeChatTemplate(family.id, *full).value()->stop_ids(), ids) << family.id;
    // What the tokenizer lacks is left out.
    EXPECT_EQ(MakeChatTemplate(family.id, *bare).value()->stop_ids().size(), 1u) << family.id;
  }
}

// A tokenizer that puts a space before every text must not double the one that the family writes.
TEST_F(ChatFamiliesTest, SpacesBeforeTextAreNotDoubled) {
  // normalizer_spec: add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces.
  const std::string bytes = Replaced(ToyBytesWithAllSymbols(), std::string("\x18\0\x20\0", 4),
                                     std::string("\x18\1\x20\0", 4));
  const auto tokenizer = LoadSentencepieceFromBytes(bytes).value();
  ASSERT_TRUE(tokenizer->adds_space());
  ASSERT_FALSE(ToyTokenizer()->adds_space());
  const auto row = MakeChatTemplate("llama2/1", *tokenizer)
                       .value()
                       ->Render(MakeChat("", "lift the box", "carry a blue kettle"));
  std::vector<TokenId> want = {tokenizer->ControlId("<s>")};
  for (const TokenId id : tokenizer->Encode("[INST] lift the box [/INST]")) want.push_back(id);
  const size_t prompt = want.size();
  for (const TokenId id : tokenizer->Encode("carry a blue kettle ")) want.push_back(id);
  want.push_back(tokenizer->ControlId("</s>"));
  EXPECT_EQ(row.tokens, want);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_EQ(row.is_target[i], i >= prompt) << i;
  EXPECT_EQ(tokenizer->Decode(TargetsOf(row)), "carry a blue kettle ");
}

TEST(ChatSymbolsTest, UserDefinedOnesBecomeControlSymbols) {
  // Gemma's files: the piece, its score and its type, 4 for 3.
  std::string bytes = ToyBytesWithAllSymbols();
  const std::string symbol = "<start_of_turn>";
  const size_t type = bytes.find(symbol) + symbol.size() + 5;  // tag and four bytes of score
  ASSERT_EQ(bytes.substr(type, 2), "\x18\x03");
  bytes[type + 1] = 4;
  std::string error;
  const auto raw = ParseSentencepiece(bytes, error);
  ASSERT_NE(raw, nullptr) << error;
  const auto ids = raw->Encode("a" + symbol);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), raw->IdOf(symbol)), 1);  // what is to be prevented

  const auto tokenizer = LoadSentencepieceFromBytes(bytes).value();
  const TokenId id = tokenizer->ControlId(symbol);
  EXPECT_EQ(id, raw->IdOf(symbol));
  const auto safe = tokenizer->Encode("a" + symbol);
  EXPECT_EQ(std::count(safe.begin(), safe.end(), id), 0);
  EXPECT_EQ(tokenizer->Decode(safe), "a" + symbol);
}

TEST(ChatSymbolsTest, LeavesOtherPiecesAndOtherBytesAlone) {
  for (const char* symbol : {"<start_of_turn>", "[/INST]", "<|im_end|>", "<|x|>"})
    EXPECT_TRUE(IsChatSymbol(symbol)) << symbol;
  for (const char* piece : {"", "<||>", "<|", "|>", "<table>", "\n\n", "INST"})
    EXPECT_FALSE(IsChatSymbol(piece)) << piece;
  const std::string model = ToyBytesWithAllSymbols();
  EXPECT_EQ(WithChatSymbolsAsControls(model), model);
  for (size_t size = 0; size < 2000; ++size)  // every beginning, cut in any place
    EXPECT_EQ(WithChatSymbolsAsControls(model.substr(0, size)), model.substr(0, size));
  for (const std::string bytes :
       {"", "\n", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\n\x7f"})
    EXPECT_EQ(WithChatSymbolsAsControls(bytes), bytes);
}

}  // namespace
}  // namespace tuneward
