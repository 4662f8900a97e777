#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "sandbox/experiment/arm_style.h"
#include "sandbox/experiment/arms.h"
#include "sandbox/experiment/frontier_picture.h"
#include "sandbox/experiment/label_places.h"
#include "sandbox/experiment/plot_frame.h"
#include "sandbox/experiment/rate_picture.h"
#include "tests/unit/sandbox/experiment/sample_grid.h"

namespace tuneward {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Every element is closed, and nothing is asked for from outside.
void CheckDocument(const std::string& svg) {
  ASSERT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  ASSERT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(Count(svg, "<text"), Count(svg, "</text>"));
  EXPECT_EQ(Count(svg, "http"), 1u) << "the name space's";
  for (const char* never : {"<script", "url(", "@import", "@font-face", "href", "\"nan", "nan,",
                            ",nan", "\"-nan", "inf,", ",inf"})
    EXPECT_FALSE(absl::StrContains(svg, never)) << never;
}

TEST(FrontierPictureTest, LabelsEachArmAndDrawsEachFamily) {
  const auto grid = GridResults::Make(SampleGrid(3));
  ASSERT_TRUE(grid.ok()) << grid.status();
  const std::string svg = FrontierPicture(*grid, "nano-shallow");
  CheckDocument(svg);
  for (const Arm& arm : Arms())
    EXPECT_EQ(Count(svg, ">" + std::string(arm.name) + "</text>"), 1u) << arm.name;
  EXPECT_EQ(Count(svg, " faint\""), Arms().size() * SampleFamilies().size());
  EXPECT_EQ(Count(svg, "class=\"bar "), 2 * Arms().size());
}

TEST(RatePictureTest, DrawsACurveAnArmAndALevelWithoutAny) {
  const auto grid = GridResults::Make(SampleGrid(3));
  ASSERT_TRUE(grid.ok()) << grid.status();
  const std::string svg = RatePicture(*grid, "nano-shallow");
  CheckDocument(svg);
  EXPECT_EQ(Count(svg, "class=\"curve "), 2 * Arms().size());
  for (const Arm& arm : Arms())
    EXPECT_EQ(Count(svg, ">" + std::string(arm.name) + "</text>"), 2u) << arm.name;
}

TEST(PicturesTest, AreLeftOutWithoutRecords) {
  const CellRecord benign = SampleRecord({"nano-shallow", "piqa", "benign", "none", 0, 1});
  const auto grid = GridResults::Make({benign});
  ASSERT_TRUE(grid.ok()) << grid.status();
  EXPECT_EQ(FrontierPicture(*grid, "nano-shallow"), "");
  EXPECT_EQ(RatePicture(*grid, "nano-shallow"), "");
}

TEST(ArmStyleTest, EveryHueIsOneOfTheStyleSheetsInLightAndDark) {
  const std::string sheet = Svg(10, 10, "", "").Finish();
  for (const Arm& arm : Arms())
    EXPECT_EQ(Count(sheet, ".fill-" + StyleOf(std::string(arm.name)).hue + "{"), 2u) << arm.name;
}

TEST(SvgTest, WhatIsWrittenIsText) {
  Svg svg(10, 10, "a < b", "");
  svg.Text({1, 2}, "a & b > c", "text");
  const std::string document = svg.Finish();
  EXPECT_TRUE(absl::StrContains(document, "<title>a &lt; b</title>"));
  EXPECT_TRUE(absl::StrContains(document, ">a &amp; b &gt; c</text>"));
}

TEST(ArmStyleTest, NoTwoArmsLookAlike) {
  for (const Arm& a : Arms())
    for (const Arm& b : Arms()) {
      if (a.name == b.name) continue;
      const ArmStyle first = StyleOf(std::string(a.name)), second = StyleOf(std::string(b.name));
      EXPECT_FALSE(first.hue == second.hue && first.marker == second.marker)
          << a.name << " and " << b.name;
    }
}

TEST(PlotFrameTest, ValuesBeyondAnAxisStayInThePlot) {
  const PlotFrame frame = {70, 50, 400, 300, PercentAxis(3, "x"), PercentAxis(55, "y")};
  EXPECT_EQ(frame.x.to, 10);
  EXPECT_EQ(frame.y.to, 60);
  EXPECT_EQ(frame.At(-5, 0).x, frame.At(0, 0).x);
  EXPECT_EQ(frame.At(0, 90).y, frame.At(0, 60).y);
  EXPECT_LT(frame.At(0, 60).y, frame.At(0, 5).y);
  EXPECT_DOUBLE_EQ(frame.x.Share(2.5), 0.5) << "a square-root axis";
}

TEST(LabelPlacesTest, LabelsOfACrowdDoNotOverlap) {
  std::vector<Point> points;
  std::vector<std::string> labels;
  for (const Arm& arm : Arms()) {
    points.push_back({200 + 3.0 * static_cast<double>(points.size()), 150});
    labels.emplace_back(arm.name);
  }
  const Box inside = {0, 0, 600, 300};
  const std::vector<LabelPlace> places = PlaceBesidePoints(points, labels, {}, inside);
  for (size_t i = 0; i < places.size(); ++i) {
    const Box& box = places[i].box;
    EXPECT_TRUE(box.left >= 0 && box.top >= 0 && box.right <= 600 && box.bottom <= 300);
    for (size_t j = 0; j < i; ++j) EXPECT_EQ(OverlapArea(box, places[j].box), 0) << labels[i];
  }
}

TEST(LabelPlacesTest, HeightsKeepTheirOrderAndTheirDistance) {
  const std::vector<double> heights = SpreadHeights({95, 96, 10, 97, 50}, 10, 0, 100);
  EXPECT_EQ(heights, (std::vector<double>{80, 90, 10, 100, 50}));
}

}  // namespace
}  // namespace tuneward
