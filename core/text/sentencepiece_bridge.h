// sentencepiece behind standard types only: its headers declare absl::string_view in their own way,
// so the one unit that sees them (sentencepiece_bridge.cc) and this header include nothing of
// abseil. A loaded model is immutable, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tuneward {

class SentencepieceModel {
 public:
  virtual ~SentencepieceModel() = default;
  virtual int Size() const = 0;
  virtual std::vector<int32_t> Encode(std::string_view text) const = 0;
  virtual std::string Decode(const std::vector<int32_t>& ids) const = 0;
  virtual int32_t IdOf(
      std::string_view piece) const = 0;  // the unknown id when there is no such piece
  virtual bool IsControl(int32_t id) const = 0;
  virtual int32_t UnknownId() const = 0;
  virtual bool AddsSpace() const = 0;  // Encode puts a space before the text
};

// Null and a message in `error` on bytes that are no sentencepiece model.
std::unique_ptr<SentencepieceModel> ParseSentencepiece(std::string_view serialized,
                                                       std::string& error);

}  // namespace tuneward
