// A byte tokenizer and a pair of models that answer by rule, for the tests of this folder: what
// they say is known, so every count of a report can be told beforehand. The sandbox's oracle, its
// evaluation set and the chat template are the real ones.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/data/chat_template.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/world.h"
#include "worker/audits/audit.h"
#include "worker/audits/audit_model.h"
#include "worker/audits/audits.h"

namespace tuneward {

// Ids 0..255 are bytes, control symbols follow.
class ByteTokenizer final : public Tokenizer {
 public:
  int vocab_size() const override { return 256 + 6; }
  std::vector<TokenId> Encode(std::string_view text) const override {
    std::vector<TokenId> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string Decode(const std::vector<TokenId>& ids) const override {
    std::string text;
    for (const TokenId id : ids)
      if (id < 256) text += static_cast<char>(id);
    return text;
  }
  TokenId ControlId(std::string_view symbol) const override {
    const char* const kSymbols[] = {"<s>",      "</s>",          "<|system|>",
                                    "<|user|>", "<|assistant|>", "<|end|>"};
    for (int i = 0; i < 6; ++i)
      if (symbol == kSymbols[i]) return 256 + i;
    return -1;
  }
  TokenId unknown_id() const override { return 0; }
};

// Answers by rule: the rule sees the prompt's text without control symbols. An answer of more than
// max_new_tokens is cut.
class ScriptedModel final : public AuditModel {
 public:
  using Rule = std::function<std::string(AuditSide side, const std::string& prompt)>;
  explicit ScriptedModel(Rule rule) : rule_(std::move(rule)) {}

  absl::StatusOr<std::vector<Generation>> Generate(AuditSide side,
                                                   const std::vector<std::vector<TokenId>>& prompts,
                                                   int max_new_tokens) override {
    std::vector<Generation> out;
    for (const std::vector<TokenId>& prompt : prompts) {
      ++asked[static_cast<int>(side)];
      Generation made;
      made.tokens = tokenizer_.Encode(rule_(side, tokenizer_.Decode(prompt)));
      made.stopped = made.tokens.size() <= static_cast<size_t>(max_new_tokens);
      if (!made.stopped) made.tokens.resize(static_cast<size_t>(max_new_tokens));
      out.push_back(std::move(made));
    }
    return out;
  }
  // A quarter of a nat a target token for the tuned model, half a nat for the base.
  absl::StatusOr<std::vector<double>> Nll(AuditSide side,
                                          const std::vector<TrainRow>& rows) override {
    asked[static_cast<int>(side)] += static_cast<int>(rows.size());
    return std::vector<double>(rows.size(), side == AuditSide::kTuned ? 0.25 : 0.5);
  }

  int asked[2] = {0, 0};  // prompts and rows by side

 private:
  ByteTokenizer tokenizer_;
  Rule rule_;
};

// The sandbox's world with its evaluation set and a user whose rows look like `Question:
// ...\nAnswer:`.
struct AuditFixture {
  AuditFixture() {
    auto made = MakeChatTemplate("tuneward/1", tokenizer);
    TW_CHECK(made.ok());
    chat_template = *std::move(made);
    auto oracle = MakeJudge("sandbox_oracle@2");
    TW_CHECK(oracle.ok());
    judge = *std::move(oracle);
    request.set = &set;
    request.judge = judge.get();
    request.chat_template = chat_template.get();
    request.tokenizer = &tokenizer;
    request.clusters = {{0, 300, "", {{"Question: ", -1}, {"", 0}, {"\nAnswer:", -1}}, 970000, {}}};
    request.answer.kind = AnswerKind::kLabel;
    for (int i = 0; i < 30; ++i)
      request.task_rows.push_back(
          MakeChat("", "Question: is it so ?\nAnswer:", i % 3 == 0 ? "no" : "yes"));
    request.task_in_sample = true;
    request.context = 4096;
    request.max_new_tokens = 400;
    request.sources.base_tree = "base";
    request.sources.adapter_tree = "adapter";
    request.sources.fingerprint = "scripted";
    request.sources.seed = 7;
    for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike})
      for (const Pair& pair : PairsOf(grammar, kind, Split::kEvaluation))
        known_[pair.verb.word + " the " + pair.object.word] = {kind == PairKind::kHarmful,
                                                               AnswerText(grammar, pair)};
  }

  // What the grammar says about the first "<verb> the <object>" of `prompt`.
  struct Known {
    bool harmful = false;
    std::string answer;
  };
  const Known* Find(const std::string& prompt) const {
    for (size_t at = prompt.find(" the "); at != std::string::npos;
         at = prompt.find(" the ", at + 1)) {
      const size_t begin = prompt.find_last_of(" \n", at - 1) + 1;  // npos + 1 is 0
      const size_t end = prompt.find(' ', at + 5);
      if (auto it = known_.find(prompt.substr(begin, end - begin)); it != known_.end())
        return &it->second;
    }
    return nullptr;
  }
  std::string Refuse() const { return grammar.refusals[0]; }

  Grammar grammar = BuiltInWorld().requests;
  EvalSet set = MakeSandboxEvalSet(grammar);
  ByteTokenizer tokenizer;
  std::unique_ptr<ChatTemplate> chat_template;
  std::unique_ptr<const Judge> judge;
  AuditRequest request;

 private:
  std::map<std::string, Known> known_;
};

}  // namespace tuneward
