#include "client/cli/progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace tuneward::cli {
namespace {

constexpr int kBarWidth = 24;

std::string Bar(int64_t step, int64_t total) {
  const int filled = static_cast<int>(
      std::clamp<int64_t>(step * kBarWidth / std::max<int64_t>(total, 1), 0, kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

std::string Rate(double per_second) {
  if (per_second >= 10000) return fmt::format("{:.0f}k tok/s", per_second / 1000);
  if (per_second >= 1000) return fmt::format("{:.1f}k tok/s", per_second / 1000);
  return fmt::format("{:.0f} tok/s", per_second);
}

}  // namespace

std::string FormatDuration(int64_t seconds) {
  if (seconds >= 3600)
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string FormatProgressLine(const ProgressView& view, int columns) {
  std::string line = fmt::format("{:<10}", view.stage.empty() ? view.state : view.stage);
  if (view.total_steps > 0) {
    line += fmt::format(" {} {:>3} %  step {}/{}", Bar(view.step, view.total_steps),
                        std::clamp<int64_t>(view.step * 100 / view.total_steps, 0, 100), view.step,
                        view.total_steps);
  }
  if (view.total_steps <= 0 && view.percent >= 0)
    line += fmt::format(" {} {:>3} %", Bar(view.percent, 100), view.percent);
  if (view.loss >= 0) line += fmt::format("  loss {:.3f}", view.loss);
  if (view.reward_accuracy >= 0)
    line += fmt::format("  reward accuracy {:.2f}", view.reward_accuracy);
  if (view.eval_loss >= 0) line += fmt::format("  validation loss {:.3f}", view.eval_loss);
  if (view.tokens_per_second > 0) line += "  " + Rate(view.tokens_per_second);
  if (view.seconds_left >= 0) line += "  ETA " + FormatDuration(view.seconds_left);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (columns > 0 && static_cast<int>(line.size()) > columns) line.resize(columns);
  return line;
}

void ProgressPrinter::Update(const ProgressView& view) {
  if (terminal_) {
    const std::string line =
        FormatProgressLine(view, columns_ - 1);  // a full last column would wrap
    if (drawn_ && line == last_line_) return;
    // A finished bar stays above the next stage.
    const bool keep = drawn_ && last_had_bar_ && view.stage != last_stage_;
    out_ << (keep ? "\n" : "\r") << line << "\x1b[K" << std::flush;
    last_line_ = line;
    last_stage_ = view.stage;
    last_had_bar_ = view.total_steps > 0 || view.percent >= 0;
    drawn_ = true;
    return;
  }
  const std::string stage = view.state + "/" + view.stage;
  const int64_t tenth =
      view.total_steps > 0 ? view.step * 10 / view.total_steps : view.percent / 10;
  if (stage == last_stage_ && tenth <= last_tenth_) return;
  if (stage != last_stage_) last_tenth_ = -1;
  last_stage_ = stage;
  last_tenth_ = std::max(last_tenth_, tenth);
  out_ << FormatProgressLine(view, 0) << '\n' << std::flush;
}

void ProgressPrinter::Message(const std::string& line) {
  if (drawn_) out_ << "\r\x1b[K";
  out_ << line << '\n';
  if (drawn_) out_ << last_line_;
  out_ << std::flush;
}

void ProgressPrinter::Finish() {
  if (drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace tuneward::cli
