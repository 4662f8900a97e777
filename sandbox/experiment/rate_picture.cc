#include "sandbox/experiment/rate_picture.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/str_join.h"

#include "sandbox/experiment/arm_style.h"
#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/label_places.h"
#include "sandbox/experiment/plot_frame.h"
#include "sandbox/experiment/rate_sweep.h"

namespace tuneward {
namespace {

constexpr double kWidth = 860, kHeight = 800, kMarker = 4.5, kLeft = 70, kTop = 80,
                 kPanelWidth = 560, kPanelHeight = 270, kBetween = 74;

struct Curve {
  std::string arm;
  std::vector<std::pair<double, SeedMean>> points;  // rate in percent
};

double Percent(int64_t ppm) { return static_cast<double>(ppm) / 1e4; }

std::vector<Curve> CurvesOf(const GridResults& grid, const std::string& model,
                            const RateSweep& sweep, Measure measure) {
  const auto mean = [&](const std::string& arm, int64_t rate) {
    return MeanOverSeeds(
        grid.FamilyMeans({model, "", kPrimaryStrategy, arm, rate}, sweep.families, measure));
  };
  std::vector<Curve> curves;
  // Nothing mixed in has no rate: a level line.
  if (const SeedMean level = mean("none", 0); level.n > 0)
    curves.push_back(
        {"none",
         {{Percent(sweep.rates_ppm.front()), level}, {Percent(sweep.rates_ppm.back()), level}}});
  for (const std::string& arm : sweep.arms) {
    Curve curve = {arm, {}};
    for (const int64_t rate : sweep.rates_ppm)
      if (const SeedMean point = mean(arm, rate); point.n > 0)
        curve.points.emplace_back(Percent(rate), point);
    if (!curve.points.empty()) curves.push_back(std::move(curve));
  }
  return curves;
}

void DrawCurve(Svg& svg, const PlotFrame& frame, const Curve& curve) {
  const ArmStyle style = StyleOf(curve.arm);
  std::vector<Point> line;
  for (const auto& [rate, mean] : curve.points) line.push_back(frame.At(rate, mean.mean));
  svg.Path(line, "curve line-" + style.hue + (style.dashed ? " dashed" : ""));
}

void DrawMarkers(Svg& svg, const PlotFrame& frame, const Curve& curve) {
  if (curve.arm == "none") return;
  for (const auto& [rate, mean] : curve.points)
    DrawMarker(svg, StyleOf(curve.arm), frame.At(rate, mean.mean), kMarker, false);
}

void DrawBand(Svg& svg, const PlotFrame& frame, const Curve& curve) {
  std::vector<Point> band;
  for (const auto& [rate, mean] : curve.points)
    band.push_back(frame.At(rate, mean.mean + mean.half_width.value_or(0)));
  for (auto point = curve.points.rbegin(); point != curve.points.rend(); ++point)
    band.push_back(
        frame.At(point->first, point->second.mean - point->second.half_width.value_or(0)));
  svg.Polygon(band, "band band-" + StyleOf(curve.arm).hue);
}

void DrawLabels(Svg& svg, const PlotFrame& frame, const std::vector<Curve>& curves) {
  std::vector<double> wanted;
  for (const Curve& curve : curves)
    wanted.push_back(frame.At(curve.points.back().first, curve.points.back().second.mean).y);
  const std::vector<double> heights =
      SpreadHeights(wanted, kTextHeight + 2, frame.top, frame.top + frame.height);
  for (size_t i = 0; i < curves.size(); ++i) {
    const double from = frame.At(curves[i].points.back().first, 0).x + kMarker + 4;
    const double right = frame.left + frame.width + 22;
    svg.Line({from, wanted[i]}, {right, heights[i]}, "leader");
    DrawMarker(svg, StyleOf(curves[i].arm), {right + 7, heights[i]}, kMarker, false);
    svg.Text({right + 17, heights[i] + 4.5}, curves[i].arm, "text");
  }
}

void DrawPanel(Svg& svg, double top, const RateSweep& sweep, const std::vector<Curve>& curves,
               const std::string& title, double target) {
  double largest = 0;
  for (const Curve& curve : curves)
    for (const auto& [rate, mean] : curve.points)
      largest = std::max(largest, mean.mean + mean.half_width.value_or(0));
  Axis rates = {Scale::kLogarithm,
                Percent(sweep.rates_ppm.front()),
                Percent(sweep.rates_ppm.back()),
                {},
                "rate of each kind, % of the user's rows"};
  for (const int64_t rate : sweep.rates_ppm) rates.ticks.push_back(Percent(rate));
  const PlotFrame frame = {kLeft,        top,   kPanelWidth,
                           kPanelHeight, rates, PercentAxis(largest, title)};
  frame.DrawRegion(svg, rates.to, target);
  frame.Draw(svg);
  for (const Curve& curve : curves) DrawBand(svg, frame, curve);
  for (const Curve& curve : curves) DrawCurve(svg, frame, curve);
  for (const Curve& curve : curves) DrawMarkers(svg, frame, curve);
  DrawLabels(svg, frame, curves);
}

}  // namespace

std::string RatePicture(const GridResults& grid, const std::string& model) {
  const RateSweep sweep = FindRateSweep(grid, model, kPrimaryStrategy);
  if (sweep.families.empty()) return "";
  const std::vector<Curve> asr = CurvesOf(grid, model, sweep, Measure::kAsrMax);
  const std::vector<Curve> cost = CurvesOf(grid, model, sweep, Measure::kOverRefusalMax);
  if (asr.empty() || cost.empty()) return "";
  Svg svg(kWidth, kHeight, "Attack success and over-refusal against the rate",
          "A curve for each arm of mixing; lower is better in both.");
  svg.Text({kLeft, 30}, fmt::format("How much is mixed in, {}", kPrimaryStrategy), "title text");
  svg.Text({kLeft, 52},
           fmt::format("{}, {}; mean over families, bands 95 % over seeds; lower is better", model,
                       absl::StrJoin(sweep.families, " and ")),
           "quiet");
  DrawPanel(svg, kTop, sweep, asr, "attack success, % (largest of three)", kStretchAsr);
  DrawPanel(svg, kTop + kPanelHeight + kBetween, sweep, cost, "over-refusal, % (larger of two)",
            kMostOverRefusal);
  svg.Text({kLeft, kHeight - 16},
           "shaded: stretch target; dashed: refusals alone, and nothing mixed in; rates: "
           "logarithmic axis, "
           "percentages: square-root one",
           "small quiet");
  return svg.Finish();
}

}  // namespace tuneward
