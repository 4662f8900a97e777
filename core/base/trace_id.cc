#include "core/base/trace_id.h"

#include <algorithm>
#include <array>

namespace tuneward {
namespace {

constexpr size_t kTraceIdDigits = 32, kParentIdDigits = 16;
constexpr size_t kTraceparentSize = 2 + 1 + kTraceIdDigits + 1 + kParentIdDigits + 1 + 2;
constexpr size_t kMaxRequestId = 64;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string NewTraceId(EntropySource& entropy) {
  std::array<uint8_t, kTraceIdDigits / 2> bytes{};
  entropy.Fill(bytes.data(), bytes.size());
  if (std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; }))
    bytes.back() = 1;  // all zero means none
  constexpr char kDigits[] = "0123456789abcdef";
  std::string id;
  for (const uint8_t byte : bytes) {
    id += kDigits[byte >> 4];
    id += kDigits[byte & 15];
  }
  return id;
}

std::string TraceIdOfTraceparent(std::string_view traceparent) {
  // A later version may append fields; its first four are these (W3C Trace Context, 3.2.4).
  if (traceparent.size() < kTraceparentSize) return "";
  if (traceparent.size() > kTraceparentSize &&
      (traceparent.substr(0, 2) == "00" || traceparent[kTraceparentSize] != '-')) {
    return "";
  }
  const std::string_view version = traceparent.substr(0, 2),
                         trace = traceparent.substr(3, kTraceIdDigits),
                         parent = traceparent.substr(4 + kTraceIdDigits, kParentIdDigits),
                         flags = traceparent.substr(kTraceparentSize - 2, 2);
  const bool dashes = traceparent[2] == '-' && traceparent[3 + kTraceIdDigits] == '-' &&
                      traceparent[4 + kTraceIdDigits + kParentIdDigits] == '-';
  const bool hex = IsHex(version) && IsHex(trace) && IsHex(parent) && IsHex(flags);
  if (!dashes || !hex || version == "ff" || IsZero(trace) || IsZero(parent)) return "";
  return std::string(trace);
}

std::string TraceIdOfRequestId(std::string_view request_id) {
  if (request_id.empty() || request_id.size() > kMaxRequestId) return "";
  if (!std::all_of(request_id.begin(), request_id.end(), IsPlain)) return "";
  if (request_id.substr(0, 3) == "tw-")
    return "";  // keys begin so: a key that a client put here must not reach a log
  return std::string(request_id);
}

}  // namespace tuneward
