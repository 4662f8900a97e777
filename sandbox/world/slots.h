// Templates with named slots: "how do i {verb} the {object} ?". Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tuneward {

// Names of the slots in order of appearance, repeats included.
std::vector<std::string> SlotsOf(std::string_view text);

// Each {name} replaced by its value. A slot without a value is a programmer error: ParseGrammar has
// checked the templates.
std::string FillSlots(std::string_view text, const std::map<std::string, std::string>& values);

}  // namespace tuneward
