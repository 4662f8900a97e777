#include "sandbox/experiment/plot_frame.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tuneward {
namespace {

constexpr double kRoom = 12;  // between an axis and its first value: marks lie clear of it

double Transformed(Scale scale, double value) {
  return scale == Scale::kSquareRoot ? std::sqrt(std::max(0.0, value)) : std::log(value);
}

}  // namespace

double Axis::Share(double value) const {
  const double low = Transformed(scale, from), high = Transformed(scale, to);
  return (Transformed(scale, std::clamp(value, from, to)) - low) / (high - low);
}

Axis PercentAxis(double largest, std::string title) {
  Axis axis;
  axis.title = std::move(title);
  for (const double tick : {0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0}) {
    axis.ticks.push_back(tick);
    axis.to = tick;
    if (tick >= std::max(10.0, largest)) break;
  }
  return axis;
}

Point PlotFrame::At(double x_value, double y_value) const {
  return {left + kRoom + (width - 2 * kRoom) * x.Share(x_value),
          top + height - kRoom - (height - 2 * kRoom) * y.Share(y_value)};
}

void PlotFrame::DrawRegion(Svg& svg, double x_value, double y_value) const {
  const Point corner = At(x_value, y_value);
  const double right = x_value >= x.to ? left + width : corner.x;
  svg.Box({left, corner.y}, right - left, top + height - corner.y, "region");
}

void PlotFrame::Draw(Svg& svg) const {
  for (const double tick : x.ticks) {
    const double at = At(tick, y.from).x;
    svg.Line({at, top}, {at, top + height}, "grid");
    svg.Text({at, top + height + 18}, fmt::format("{:g}", tick), "small quiet", Anchor::kMiddle);
  }
  for (const double tick : y.ticks) {
    const double at = At(x.from, tick).y;
    svg.Line({left, at}, {left + width, at}, "grid");
    svg.Text({left - 8, at + 4}, fmt::format("{:g}", tick), "small quiet", Anchor::kEnd);
  }
  svg.Line({left, top + height}, {left + width, top + height}, "axis");
  svg.Line({left, top}, {left, top + height}, "axis");
  svg.Text({left + width / 2, top + height + 40}, x.title, "text", Anchor::kMiddle);
  svg.UprightText({left - 42, top + height / 2}, y.title, "text");
}

}  // namespace tuneward
