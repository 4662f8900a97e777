// How a running job looks on a terminal: one line that is drawn over and over; elsewhere plain
// lines, one at each new stage and each tenth of the steps. ProgressPrinter borrows the stream; one
// thread.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace tuneward::cli {

struct ProgressView {
  std::string state;  // "running"
  std::string stage;  // "training"
  int64_t step = 0;
  int64_t total_steps = 0;       // 0: not known yet
  int percent = -1;              // of a stage without steps; < 0: not known
  double loss = -1;              // < 0: not known yet
  double reward_accuracy = -1;   // [0, 1]; < 0: no preferences are trained
  double eval_loss = -1;         // of the validation file; < 0: not known
  double tokens_per_second = 0;  // 0: not known yet
  int64_t seconds_left = -1;     // < 0: not known yet
};

// "1:05", "2:03:04"
std::string FormatDuration(int64_t seconds);

// "training  [#######.............]  35 %  step 35/100  loss 0.412  5.2k tok/s  ETA 0:42", at most
// `columns` long.
std::string FormatProgressLine(const ProgressView& view, int columns);

class ProgressPrinter {
 public:
  ProgressPrinter(std::ostream& out, bool terminal, int columns)
      : out_(out), terminal_(terminal), columns_(columns) {}
  void Update(const ProgressView& view);
  // A line that stays, above the bar.
  void Message(const std::string& line);
  // Takes the line that is drawn away; finished bars above it stay.
  void Finish();

 private:
  std::ostream& out_;
  const bool terminal_;
  const int columns_;
  bool drawn_ = false;
  bool last_had_bar_ = false;
  std::string last_line_;
  std::string last_stage_;
  int64_t last_tenth_ = -1;
};

}  // namespace tuneward::cli
