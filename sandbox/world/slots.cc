#include "sandbox/world/slots.h"

#include "core/base/status.h"

namespace tuneward {
namespace {

// The next "{name}" at or after `from`: [open, close]; npos when there is none.
struct Slot {
  size_t open = std::string_view::npos;
  size_t close = 0;
};

Slot NextSlot(std::string_view text, size_t from) {
  const size_t open = text.find('{', from);
  if (open == std::string_view::npos) return {};
  const size_t close = text.find('}', open);
  if (close == std::string_view::npos) return {};
  return {open, close};
}

}  // namespace

std::vector<std::string> SlotsOf(std::string_view text) {
  std::vector<std::string> names;
  for (Slot slot = NextSlot(text, 0); slot.open != std::string_view::npos;
       slot = NextSlot(text, slot.close + 1))
    names.emplace_back(text.substr(slot.open + 1, slot.close - slot.open - 1));
  return names;
}

std::string FillSlots(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string out;
  size_t from = 0;
  for (Slot slot = NextSlot(text, 0); slot.open != std::string_view::npos;
       slot = NextSlot(text, from)) {
    out.append(text.substr(from, slot.open - from));
    const auto value =
        values.find(std::string(text.substr(slot.open + 1, slot.close - slot.open - 1)));
    TW_CHECK(value != values.end());
    out.append(value->second);
    from = slot.close + 1;
  }
  out.append(text.substr(from));
  return out;
}

}  // namespace tuneward
