// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the sections of the report page are put together from.
#ifndef MOONPOOL_EXPLORER_REPORT_HTML_BLOCKS_H_
#define MOONPOOL_EXPLORER_REPORT_HTML_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace moonpool {

// The head of a table whose columns sort; "#" before a name: of numbers.
std::string TableHead(std::initializer_list<absl::string_view> columns);
// A right-aligned cell; the script sorts by its value.
std::string NumberCell(uint64_t number);
std::string TextCell(absl::string_view text);
// A path may be broken after its slashes.
std::string PathCell(absl::string_view path);

// "500 of 1,204 are shown: WHICH", or nothing.
std::string LeftOut(size_t shown, size_t total, absl::string_view which);
// A line of code and a button that copies it.
std::string Copyable(absl::string_view name, absl::string_view code);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_HTML_BLOCKS_H_
