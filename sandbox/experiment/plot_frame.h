// The frame of a picture's plot: two axes of percentages or rates, their grid lines and titles, and
// the pixel of a value. Percentages lie on a square-root axis, which has a place for 0 and parts 1
// % from 5 % as far as 50 % from 70 %. Borrows nothing; pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/svg.h"

namespace tuneward {

enum class Scale { kSquareRoot, kLogarithm };

struct Axis {
  Scale scale = Scale::kSquareRoot;
  double from = 0, to = 100;  // what is outside is drawn at the end
  std::vector<double> ticks;
  std::string title;
  double Share(double value) const;  // 0 at from, 1 at to
};

// From 0 to the first tick at or above `largest`.
Axis PercentAxis(double largest, std::string title);

struct PlotFrame {
  double left = 0, top = 0, width = 0, height = 0;  // of the plot's own area
  Axis x, y;

  Point At(double x_value, double y_value) const;
  // From the axes up to these values: the lower left of the plot.
  void DrawRegion(Svg& svg, double x_value, double y_value) const;
  void Draw(Svg& svg) const;
};

}  // namespace tuneward
