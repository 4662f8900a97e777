#include "core/policy/longest.h"

#include <algorithm>

namespace tuneward {
namespace {

// In characters: bytes that begin one (UTF-8).
int64_t Length(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

bool LongerAnswer(const PoolRow& a, const PoolRow& b) {
  const int64_t of_a = Length(a.answer), of_b = Length(b.answer);
  return of_a != of_b ? of_a > of_b : a.id < b.id;
}

}  // namespace

RowOrder LongestMethod::order() const { return LongerAnswer; }

std::vector<std::string> LongestMethod::Recipes(const MixTask&) const { return {"longest"}; }

Chat LongestMethod::Render(const MixTask& task, const std::string&, RandomStream&) const {
  return MakeChat("", task.row->request, task.row->answer);
}

}  // namespace tuneward
