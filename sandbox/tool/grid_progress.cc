#include "sandbox/tool/grid_progress.h"

#include <fmt/core.h>
#include <unistd.h>

namespace tuneward {
namespace {

constexpr double kEveryOnTerminal = 1, kEvery = 10;

std::string Duration(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 90 * 60) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

std::string GridProgressText(int64_t before, int64_t done, int64_t cells, double seconds) {
  std::string text = fmt::format("{} of {} cells", before + done, cells);
  if (done == 0) return text;
  const double pace = seconds / static_cast<double>(done);
  text += fmt::format(", {:.1f} s a cell", pace);
  const int64_t left = cells - before - done;
  if (left > 0) text += fmt::format(", {} left", Duration(pace * static_cast<double>(left)));
  return text;
}

GridProgress::GridProgress(int64_t before, int64_t cells, std::FILE* out)
    : before_(before),
      cells_(cells),
      out_(out),
      terminal_(isatty(fileno(out)) == 1),
      next_(terminal_ ? 0 : kEvery) {}

void GridProgress::Show(int64_t done, double seconds) {
  if (seconds < next_) return;
  next_ = seconds + (terminal_ ? kEveryOnTerminal : kEvery);
  const std::string text = GridProgressText(before_, done, cells_, seconds);
  if (terminal_)
    fmt::print(out_, "\r\033[K{}", text);
  else
    fmt::print(out_, "{}\n", text);
  std::fflush(out_);
}

void GridProgress::Finish(int64_t done, double seconds) {
  next_ = 0;
  Show(done, seconds);
  if (terminal_) fmt::print(out_, "\n");
}

}  // namespace tuneward
