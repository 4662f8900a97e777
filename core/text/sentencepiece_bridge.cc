#include "core/text/sentencepiece_bridge.h"

#include <sentencepiece_processor.h>

namespace tuneward {
namespace {

class Model final : public SentencepieceModel {
 public:
  bool Load(std::string_view serialized, std::string& error) {
    const auto status = processor_.LoadFromSerializedProto(serialized);
    if (!status.ok()) error = status.ToString();
    return status.ok();
  }
  int Size() const override { return processor_.GetPieceSize(); }
  std::vector<int32_t> Encode(std::string_view text) const override {
    return processor_.EncodeAsIds(text);
  }
  std::string Decode(const std::vector<int32_t>& ids) const override {
    std::vector<int> known;
    known.reserve(ids.size());
    for (const int32_t id : ids)
      if (id >= 0 && id < processor_.GetPieceSize() && !processor_.IsControl(id))
        known.push_back(id);
    return processor_.DecodeIds(known);
  }
  int32_t IdOf(std::string_view piece) const override { return processor_.PieceToId(piece); }
  bool IsControl(int32_t id) const override { return processor_.IsControl(id); }
  int32_t UnknownId() const override { return processor_.unk_id(); }
  bool AddsSpace() const override {
    constexpr char kSpacePiece[] = "\xe2\x96\x81";
    return processor_.EncodeAsPieces("a").front().rfind(kSpacePiece, 0) == 0;
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

std::unique_ptr<SentencepieceModel> ParseSentencepiece(std::string_view serialized,
                                                       std::string& error) {
  auto model = std::make_unique<Model>();
  if (!model->Load(serialized, error)) return nullptr;
  return model;
}

}  // namespace tuneward
