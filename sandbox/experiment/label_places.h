// Where labels of a picture go so that they cover neither each other nor what is drawn. Pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/svg.h"

namespace tuneward {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};
double OverlapArea(const Box& a, const Box& b);

// About what a text of 13 px takes.
double TextWidth(const std::string& text);
inline constexpr double kTextHeight = 15;

struct LabelPlace {
  Box box;
  bool leader = false;  // far enough from its point for a line to it
};

// One place a label, beside its point: the nearest of a ring of places that covers least. Labels
// are placed in their order; `taken` is what is drawn (a label's own point may be in it).
std::vector<LabelPlace> PlaceBesidePoints(const std::vector<Point>& points,
                                          const std::vector<std::string>& labels,
                                          const std::vector<Box>& taken, const Box& inside);

// Heights of labels at the end of curves: as near as they can be to `wanted`, at least `step` apart
// and within [top, bottom] where that has room.
std::vector<double> SpreadHeights(const std::vector<double>& wanted, double step, double top,
                                  double bottom);

}  // namespace tuneward
