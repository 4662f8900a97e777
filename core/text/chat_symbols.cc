#include "core/text/chat_symbols.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace tuneward {
namespace {

// sentencepiece_model.proto: ModelProto.pieces, SentencePiece.piece and .type.
constexpr uint64_t kPieces = 1, kPiece = 1, kType = 3;
constexpr char kUserDefined = 4, kControl = 3;

// One field of a protobuf message.
struct Field {
  uint64_t number = 0, wire_type = 0;
  size_t begin = 0, end = 0;  // of the value
};

std::optional<uint64_t> Varint(std::string_view bytes, size_t& at) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// The field at `at` of bytes[at, end); moves `at` behind it. Nothing where there is none.
std::optional<Field> NextField(std::string_view bytes, size_t& at, size_t end) {
  bytes = bytes.substr(0, end);
  const auto key = Varint(bytes, at);
  if (!key.has_value()) return std::nullopt;
  Field field{*key >> 3, *key & 7, at, at};
  uint64_t size = 0;
  switch (field.wire_type) {
    case 0:
      if (!Varint(bytes, at).has_value()) return std::nullopt;
      field.end = at;
      return field;
    case 1:
      size = 8;
      break;
    case 2: {
      const auto length = Varint(bytes, at);
      if (!length.has_value()) return std::nullopt;
      size = *length;
      break;
    }
    case 5:
      size = 4;
      break;
    default:
      return std::nullopt;
  }
  if (size > end - at) return std::nullopt;
  field.begin = at;
  field.end = at += static_cast<size_t>(size);
  return field;
}

}  // namespace

bool IsChatSymbol(std::string_view piece) {
  static constexpr std::string_view kNames[] = {"<start_of_turn>", "<end_of_turn>", "[INST]",
                                                "[/INST]"};
  if (piece.size() > 4 && piece.substr(0, 2) == "<|" && piece.substr(piece.size() - 2) == "|>")
    return true;
  return std::find(std::begin(kNames), std::end(kNames), piece) != std::end(kNames);
}

std::string WithChatSymbolsAsControls(std::string_view serialized) {
  std::string model(serialized);
  for (size_t at = 0; at < model.size();) {
    const auto field = NextField(model, at, model.size());
    if (!field.has_value()) break;
    if (field->number != kPieces || field->wire_type != 2) continue;
    std::string_view name;
    size_t type_at = 0;
    for (size_t inner = field->begin; inner < field->end;) {
      const auto part = NextField(model, inner, field->end);
      if (!part.has_value()) break;
      if (part->number == kPiece && part->wire_type == 2)
        name = std::string_view(model).substr(part->begin, part->end - part->begin);
      if (part->number == kType && part->wire_type == 0 && part->end == part->begin + 1)
        type_at = part->begin;
    }
    if (type_at != 0 && model[type_at] == kUserDefined && IsChatSymbol(name))
      model[type_at] = kControl;
  }
  return model;
}

}  // namespace tuneward
