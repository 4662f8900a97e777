#include "client/cli/progress.h"

#include <sstream>

#include <gtest/gtest.h>

#include "client/cli/table.h"

namespace tuneward::cli {
namespace {

TEST(ProgressTest, LineHoldsStepLossRateAndTimeLeft) {
  const ProgressView view{.state = "running",
                          .stage = "training",
                          .step = 35,
                          .total_steps = 100,
                          .loss = 0.4123,
                          .tokens_per_second = 5240,
                          .seconds_left = 42};
  EXPECT_EQ(
      FormatProgressLine(view, 0),
      "training   [########................]  35 %  step 35/100  loss 0.412  5.2k tok/s  ETA 0:42");
}

TEST(ProgressTest, LineHoldsWhatPreferencesAndHeldOutRowsShow) {
  const ProgressView view{.state = "running",
                          .stage = "training",
                          .step = 1,
                          .total_steps = 2,
                          .loss = 0.7,
                          .reward_accuracy = 0.825,
                          .eval_loss = 0.6931};
  const std::string line = FormatProgressLine(view, 0);
  EXPECT_NE(line.find("loss 0.700  reward accuracy 0.82  validation loss 0.693"), std::string::npos)
      << line;
}

TEST(ProgressTest, WhatIsNotKnownIsLeftOut) {
  EXPECT_EQ(FormatProgressLine({.state = "queued", .stage = "queued"}, 0), "queued");
  EXPECT_EQ(FormatProgressLine(
                {.state = "running", .stage = "auditing", .step = 120, .total_steps = 100}, 0),
            "auditing   [########################] 100 %  step 120/100");
}

TEST(ProgressTest, StageWithoutStepsHasItsShare) {
  EXPECT_EQ(FormatProgressLine({.state = "running", .stage = "auditing", .percent = 50}, 0),
            "auditing   [############............]  50 %");
}

TEST(ProgressTest, LineIsCutAtTheTerminalsWidth) {
  const ProgressView view{.state = "running", .stage = "training", .step = 1, .total_steps = 2};
  EXPECT_EQ(FormatProgressLine(view, 20).size(), 20u);
}

TEST(ProgressTest, DurationsHaveHoursOnlyWhenNeeded) {
  EXPECT_EQ(FormatDuration(5), "0:05");
  EXPECT_EQ(FormatDuration(3599), "59:59");
  EXPECT_EQ(FormatDuration(7384), "2:03:04");
}

TEST(ProgressPrinterTest, PlainOutputHasOneLineAStageAndATenth) {
  std::ostringstream out;
  ProgressPrinter printer(out, /*terminal=*/false, 80);
  for (int step = 0; step <= 100; ++step)
    printer.Update({.state = "running", .stage = "training", .step = step, .total_steps = 100});
  printer.Update({.state = "running", .stage = "auditing"});
  printer.Update({.state = "running", .stage = "auditing"});
  printer.Finish();
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12);  // 0 %, 10 %, ... 100 %, auditing
}

TEST(ProgressPrinterTest, MessageIsPrintedAboveTheBar) {
  std::ostringstream out;
  ProgressPrinter printer(out, /*terminal=*/true, 80);
  printer.Update({.state = "running", .stage = "training"});
  printer.Message("checkpoint stored");
  printer.Finish();
  EXPECT_EQ(out.str(), "\rtraining\x1b[K\r\x1b[Kcheckpoint stored\ntraining\r\x1b[K");
}

TEST(ProgressPrinterTest, FinishedBarStaysAboveTheNextStage) {
  std::ostringstream out;
  ProgressPrinter printer(out, /*terminal=*/true, 80);
  printer.Update({.state = "running", .stage = "preparing"});
  printer.Update({.state = "running", .stage = "training", .step = 2, .total_steps = 2});
  printer.Update({.state = "running", .stage = "auditing"});
  EXPECT_EQ(out.str(),
            "\rpreparing\x1b[K\rtraining   [########################] 100 %  step "
            "2/2\x1b[K\nauditing\x1b[K");
}

TEST(TableTest, ColumnsAreAlignedByCharactersNotBytes) {
  Table table({"NAME", ">ROWS"});
  table.AddRow({"a", "5"});
  table.AddRow({"\xc3\xa9t\xc3\xa9", "1200"});
  EXPECT_EQ(table.Render(), "NAME  ROWS\na        5\n\xc3\xa9t\xc3\xa9   1200\n");
}

TEST(TableTest, EscapeSequencesDoNotReachTheTerminal) {
  EXPECT_EQ(TerminalSafe("a\x1b[2Jb\nc"), "a?[2Jb?c");
  EXPECT_EQ(TerminalSafe("a\nb\tc\rd", true), "a\nb\tc?d");
  EXPECT_EQ(TerminalSafe("\xc2\x9b"
                         "31m\xc3\xa9"),
            "?31m\xc3\xa9");
}

}  // namespace
}  // namespace tuneward::cli
