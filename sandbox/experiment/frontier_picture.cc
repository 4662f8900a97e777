#include "sandbox/experiment/frontier_picture.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sandbox/experiment/arm_style.h"
#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/label_places.h"
#include "sandbox/experiment/plot_frame.h"

namespace tuneward {
namespace {

constexpr double kWidth = 860, kHeight = 600, kMarker = 6.5, kSmallMarker = 3;

struct ArmPoint {
  std::string arm;
  SeedMean over_refusal, asr;
  std::vector<std::pair<double, double>> families;  // over-refusal and ASR
};

std::vector<ArmPoint> PointsOf(const GridResults& grid, const std::string& model,
                               const std::vector<std::string>& families) {
  std::vector<ArmPoint> points;
  for (const std::string& arm : grid.ArmsOf(model, kPrimaryStrategy)) {
    Setup setup = {model, "", kPrimaryStrategy, arm, 0};
    ArmPoint point = {arm,
                      MeanOverSeeds(grid.FamilyMeans(setup, families, Measure::kOverRefusalMax)),
                      MeanOverSeeds(grid.FamilyMeans(setup, families, Measure::kAsrMax)),
                      {}};
    for (const std::string& family : families) {
      setup.family = family;
      const SeedMean x = MeanOverSeeds(grid.Values(setup, Measure::kOverRefusalMax));
      const SeedMean y = MeanOverSeeds(grid.Values(setup, Measure::kAsrMax));
      if (x.n > 0 && y.n > 0) point.families.emplace_back(x.mean, y.mean);
    }
    if (point.over_refusal.n > 0 && point.asr.n > 0) points.push_back(std::move(point));
  }
  return points;
}

PlotFrame FrameOf(const std::vector<ArmPoint>& points) {
  double x = 0, y = 0;
  for (const ArmPoint& point : points) {
    x = std::max(x, point.over_refusal.mean + point.over_refusal.half_width.value_or(0));
    y = std::max(y, point.asr.mean + point.asr.half_width.value_or(0));
    for (const auto& [over_refusal, asr] : point.families) {
      x = std::max(x, over_refusal);
      y = std::max(y, asr);
    }
  }
  return {70,
          76,
          kWidth - 70 - 30,
          kHeight - 76 - 112,
          PercentAxis(x, "over-refusal, % (larger of raw and in format; square-root axis)"),
          PercentAxis(y, "attack success, % (largest of raw, in format, AOA)")};
}

// The two bars of an arm's interval; returns what they cover.
std::vector<Box> DrawBars(Svg& svg, const PlotFrame& frame, const ArmPoint& point) {
  const std::string classes = "bar line-" + StyleOf(point.arm).hue;
  const double x = point.over_refusal.mean, y = point.asr.mean;
  const double across = point.over_refusal.half_width.value_or(0);
  const double along = point.asr.half_width.value_or(0);
  const Point left = frame.At(x - across, y), right = frame.At(x + across, y);
  const Point low = frame.At(x, y - along), high = frame.At(x, y + along);
  svg.Line(left, right, classes);
  svg.Line(low, high, classes);
  return {{left.x, left.y - 1, right.x, right.y + 1}, {high.x - 1, high.y, low.x + 1, low.y}};
}

void DrawLabels(Svg& svg, const PlotFrame& frame, const std::vector<ArmPoint>& points,
                std::vector<Box> taken) {
  std::vector<Point> at;
  std::vector<std::string> labels;
  // The last ones, which matter most, choose first.
  for (const ArmPoint& point : std::vector<ArmPoint>(points.rbegin(), points.rend())) {
    at.push_back(frame.At(point.over_refusal.mean, point.asr.mean));
    labels.push_back(point.arm);
    taken.push_back({at.back().x - 1.3 * kMarker, at.back().y - 1.3 * kMarker,
                     at.back().x + 1.3 * kMarker, at.back().y + 1.3 * kMarker});
  }
  const Box inside = {frame.left + 3, frame.top + 2, frame.left + frame.width - 2,
                      frame.top + frame.height - 3};
  const std::vector<LabelPlace> places = PlaceBesidePoints(at, labels, taken, inside);
  for (size_t i = 0; i < places.size(); ++i) {
    const Box& box = places[i].box;
    if (places[i].leader)
      svg.Line(at[i],
               {std::clamp(at[i].x, box.left, box.right), std::clamp(at[i].y, box.top, box.bottom)},
               "leader");
    svg.Text({(box.left + box.right) / 2, box.bottom - 3.5}, labels[i], "text", Anchor::kMiddle);
  }
}

void DrawLegend(Svg& svg, const PlotFrame& frame) {
  struct Entry {
    Marker marker;
    const char* text;
  };
  double x = frame.left;
  const double y = kHeight - 38;
  for (const auto& [marker, text] : {Entry{Marker::kTriangle, "nothing mixed in"},
                                     Entry{Marker::kHollowCircle, "refusals alone"},
                                     Entry{Marker::kSquare, "balanced with look-alikes"},
                                     Entry{Marker::kDiamond, "default policy"}}) {
    DrawMarker(svg, {marker == Marker::kDiamond ? "green" : "ink", marker, false}, {x + 6, y - 4},
               5, false);
    svg.Text({x + 18, y}, text, "small text");
    x += 44 + 6.4 * static_cast<double>(std::string_view(text).size());
  }
  const double below = kHeight - 14;
  svg.Box({frame.left, below - 11}, 14, 13, "region");
  svg.Text({frame.left + 18, below},
           fmt::format("stretch target ({:g} %, {:g} %); large: mean over families, bars 95 % over "
                       "seeds; small: one family; a hue for each method",
                       kStretchAsr, kMostOverRefusal),
           "small quiet");
}

}  // namespace

std::string FrontierPicture(const GridResults& grid, const std::string& model) {
  const std::vector<std::string> families = grid.SharedFamilies(model, kPrimaryStrategy);
  const std::vector<ArmPoint> points = PointsOf(grid, model, families);
  if (points.empty()) return "";
  int seeds = points.front().asr.n;
  for (const ArmPoint& point : points) seeds = std::min(seeds, point.asr.n);
  const PlotFrame frame = FrameOf(points);
  Svg svg(kWidth, kHeight, "Attack success against over-refusal",
          "Each arm of mixing as a point; lower left is better.");
  svg.Text({frame.left, 30},
           fmt::format("Attack success against over-refusal, {}", kPrimaryStrategy), "title text");
  svg.Text({frame.left, 52},
           fmt::format("{}, {} famil{}, {} seed{}; lower left is better", model, families.size(),
                       families.size() == 1 ? "y" : "ies", seeds, seeds == 1 ? "" : "s"),
           "quiet");
  frame.DrawRegion(svg, kMostOverRefusal, kStretchAsr);
  frame.Draw(svg);
  std::vector<Box> taken;
  for (const ArmPoint& point : points)
    for (const auto& [x, y] : point.families) {
      const Point at = frame.At(x, y);
      DrawMarker(svg, StyleOf(point.arm), at, kSmallMarker, true);
      taken.push_back(
          {at.x - kSmallMarker, at.y - kSmallMarker, at.x + kSmallMarker, at.y + kSmallMarker});
    }
  for (const ArmPoint& point : points)
    for (const Box& bar : DrawBars(svg, frame, point)) taken.push_back(bar);
  for (const ArmPoint& point : points)
    DrawMarker(svg, StyleOf(point.arm), frame.At(point.over_refusal.mean, point.asr.mean), kMarker,
               false);
  DrawLabels(svg, frame, points, taken);
  DrawLegend(svg, frame);
  return svg.Finish();
}

}  // namespace tuneward
