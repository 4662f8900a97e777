// How pictures draw an arm: its method is the hue, what it mixes in is the shape and the stroke, so
// that neither colour nor shape alone has to tell arms apart. Pure.
#pragma once

#include <string>

#include "sandbox/experiment/svg.h"

namespace tuneward {

enum class Marker { kTriangle, kHollowCircle, kSquare, kDiamond };

struct ArmStyle {
  std::string hue;
  Marker marker = Marker::kHollowCircle;
  bool dashed = false;
};
// `arm` is one of arms.h.
ArmStyle StyleOf(const std::string& arm);

// `radius` of a circle of about the marker's size. A faint one is a single family's.
void DrawMarker(Svg& svg, const ArmStyle& style, Point at, double radius, bool faint);

}  // namespace tuneward
