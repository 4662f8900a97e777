// A table that reads as well in a terminal as rendered: columns padded to one width. Pure.
#pragma once

#include <string>
#include <vector>

namespace tuneward {

// The first row is the head; all rows have its size. The first `left` columns are set left, the
// others right. Texts are UTF-8 without line breaks and without '|'. Ends with a newline.
std::string MarkdownTable(const std::vector<std::vector<std::string>>& rows, size_t left = 1);

}  // namespace tuneward
