#include "bench/engine/rows.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/text/sentencepiece_trainer.h"

namespace tuneward::bench {
namespace {

constexpr int64_t kMaxFile = int64_t{64} << 20;

std::string Line(size_t targets, const std::vector<TokenId>& tokens) {
  std::string line = absl::StrCat(targets);
  for (const TokenId token : tokens) absl::StrAppend(&line, " ", token);
  return line + "\n";
}

struct Example {
  std::string question, answer;
};

absl::StatusOr<std::vector<Example>> ReadExamples(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFile));
  std::istringstream lines(text);
  std::vector<Example> examples;
  for (std::string line; std::getline(lines, line);) {
    TW_ASSIGN_OR_RETURN(const Json row, ParseJson(line));
    if (row.contains("messages"))
      examples.push_back({row["messages"][0]["content"], row["messages"][1]["content"]});
    else
      examples.push_back({row["question"], row["answer"]});
  }
  return examples;
}

}  // namespace

absl::Status MakeRows(const std::string& gsm8k, int vocab, int full_length, const std::string& out,
                      const std::string& full_out) {
  TW_ASSIGN_OR_RETURN(const std::vector<Example> examples, ReadExamples(gsm8k));
  std::vector<std::string> sentences;
  for (const Example& example : examples) {
    sentences.push_back(example.question);
    sentences.push_back(example.answer);
  }
  TW_ASSIGN_OR_RETURN(const std::string model, TrainSentencepiece(sentences, {vocab, true, {}}));
  TW_ASSIGN_OR_RETURN(const auto tokenizer, LoadSentencepieceFromBytes(model));
  std::string ragged, full;
  std::vector<TokenId> all;
  for (const Example& example : examples) {
    std::vector<TokenId> tokens = tokenizer->Encode(example.question + "\n");
    const std::vector<TokenId> answer = tokenizer->Encode(example.answer);
    tokens.insert(tokens.end(), answer.begin(), answer.end());
    ragged += Line(answer.size(), tokens);
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  const size_t length = static_cast<size_t>(full_length);
  for (size_t begin = 0; begin + length <= all.size(); begin += length) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(begin);
    full += Line(length * 4 / 10, {from, from + full_length});
  }
  TW_RETURN_IF_ERROR(WriteFileAtomic(out, ragged));
  return WriteFileAtomic(full_out, full);
}

absl::StatusOr<std::vector<TrainRow>> ReadRows(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFile));
  std::istringstream lines(text);
  std::vector<TrainRow> rows;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    size_t targets = 0;
    words >> targets;
    TrainRow row;
    row.id = absl::StrCat("u:", rows.size() + 1);
    for (TokenId token; words >> token;) row.tokens.push_back(token);
    row.is_target.resize(row.tokens.size());
    for (size_t i = row.tokens.size() - targets; i < row.tokens.size(); ++i)
      row.is_target[i] = true;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tuneward::bench
