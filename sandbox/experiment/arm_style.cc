#include "sandbox/experiment/arm_style.h"

#include <algorithm>
#include <vector>

#include "sandbox/experiment/arms.h"

namespace tuneward {
namespace {

// Methods in the order of the arms' list take these in turn; the default policy has its own.
constexpr char kPolicyHue[] = "green";
constexpr const char* kMethodHues[] = {"ink", "orange", "purple", "blue", "vermillion", "sky"};

std::string MethodHue(std::string_view method) {
  std::vector<std::string_view> methods;
  for (const Arm& arm : Arms())
    if (arm.kinds != ArmKinds::kPolicy &&
        std::find(methods.begin(), methods.end(), arm.method) == methods.end())
      methods.push_back(arm.method);
  const auto place =
      static_cast<size_t>(std::find(methods.begin(), methods.end(), method) - methods.begin());
  return kMethodHues[place % std::size(kMethodHues)];
}

}  // namespace

ArmStyle StyleOf(const std::string& name) {
  const auto arm = FindArm(name);
  TW_CHECK(arm.ok());
  if ((*arm)->method == "none") return {"ink", Marker::kTriangle, true};
  switch ((*arm)->kinds) {
    case ArmKinds::kPolicy:
      return {kPolicyHue, Marker::kDiamond, false};
    case ArmKinds::kBalanced:
      return {MethodHue((*arm)->method), Marker::kSquare, false};
    case ArmKinds::kRefusals:
      return {MethodHue((*arm)->method), Marker::kHollowCircle, true};
  }
  return {};
}

void DrawMarker(Svg& svg, const ArmStyle& style, Point at, double radius, bool faint) {
  const std::string strength = faint ? " faint" : " mark";
  const std::string filled = "fill-" + style.hue + strength;
  const double r = radius;
  switch (style.marker) {
    case Marker::kTriangle:
      return svg.Polygon({{at.x - r, at.y - 0.8 * r}, {at.x + r, at.y - 0.8 * r}, {at.x, at.y + r}},
                         filled);
    case Marker::kHollowCircle:
      return svg.Circle(at, r, "hollow line-" + style.hue + strength);
    case Marker::kSquare:
      return svg.Box({at.x - 0.85 * r, at.y - 0.85 * r}, 1.7 * r, 1.7 * r, filled);
    case Marker::kDiamond:
      return svg.Polygon({{at.x, at.y - 1.3 * r},
                          {at.x + 1.3 * r, at.y},
                          {at.x, at.y + 1.3 * r},
                          {at.x - 1.3 * r, at.y}},
                         filled);
  }
}

}  // namespace tuneward
