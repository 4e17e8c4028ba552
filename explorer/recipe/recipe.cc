// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace moonpool {
namespace {

constexpr absl::string_view kArrow = " -> ";
constexpr absl::string_view kForm =
    "write it as SEED: count@seed -> count@seed";
// Of StreamKind.
constexpr std::array<absl::string_view, kExploredKinds> kKindNames = {
    "workload", "schedule", "network", "storage", "faults"};
constexpr absl::string_view kSoonName = "soon";
constexpr absl::string_view kNumber =
    "is not a decimal number from 0 to 18446744073709551615";

// At most this much of a bad text is repeated in the error.
std::string Shown(absl::string_view text) {
  constexpr size_t kMax = 60;
  std::string shown;
  for (const char c : text.substr(0, kMax)) {
    shown += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  }
  return absl::StrCat("\"", shown, text.size() > kMax ? "…" : "", "\"");
}

absl::StatusOr<Breakpoint> ParseSegment(absl::string_view text, size_t number) {
  text = absl::StripAsciiWhitespace(text);
  const std::string where =
      absl::StrCat("malformed recipe: segment ", number, ", ", Shown(text));
  const size_t at = text.find('@');
  if (at == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ", has no '@'; ", kForm));
  }
  Breakpoint breakpoint;
  if (!ParseUint64(text.substr(0, at), breakpoint.count)) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": its count ",
                                                   Shown(text.substr(0, at)),
                                                   " ", kNumber, "; ", kForm));
  }
  const size_t slash = std::min(text.find('/', at), text.size());
  const absl::string_view seed = text.substr(at + 1, slash - at - 1);
  if (!ParseUint64(seed, breakpoint.seed)) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": its seed ", Shown(seed), " ", kNumber, "; ", kForm));
  }
  if (slash == text.size()) return breakpoint;
  breakpoint.streams = 0;
  for (const absl::string_view name :
       absl::StrSplit(text.substr(slash + 1), '+')) {
    if (name == kSoonName) {
      breakpoint.streams |= kSoon;
      continue;
    }
    const auto kind = std::find(kKindNames.begin(), kKindNames.end(), name);
    if (kind == kKindNames.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          where, ": no kind of streams is called ", Shown(name), "; there are ",
          absl::StrJoin(kKindNames, ", "), ", joined by +, and ", kSoonName));
    }
    breakpoint.streams |=
        KindBit(static_cast<StreamKind>(kind - kKindNames.begin()));
  }
  if (breakpoint.streams == kSoon) breakpoint.streams |= kAllStreams;
  return breakpoint;
}

}  // namespace

bool ParseUint64(absl::string_view text, uint64_t& value) {
  if (text.empty()) return false;
  uint64_t parsed = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    if (__builtin_mul_overflow(parsed, uint64_t{10}, &parsed)) return false;
    if (__builtin_add_overflow(parsed, static_cast<uint64_t>(c - '0'),
                               &parsed)) {
      return false;
    }
  }
  value = parsed;
  return true;
}

std::string FormatBreakpoint(const Breakpoint& breakpoint) {
  std::string text = absl::StrCat(breakpoint.count, "@", breakpoint.seed);
  if (breakpoint.streams == kAllStreams) return text;
  char separator = '/';
  auto add = [&](absl::string_view name) {
    text += separator;
    absl::StrAppend(&text, name);
    separator = '+';
  };
  const bool is_soon = (breakpoint.streams & kSoon) != 0;
  const bool is_of_all = (breakpoint.streams & kAllStreams) == kAllStreams;
  for (size_t kind = 0; kind < kExploredKinds && !is_of_all; ++kind) {
    if ((breakpoint.streams >> kind & 1) != 0) add(kKindNames[kind]);
  }
  if (is_soon) add(kSoonName);
  return text;
}

std::string FormatRecipe(uint64_t root_seed,
                         absl::Span<const Breakpoint> breakpoints) {
  std::string text = absl::StrCat(root_seed);
  absl::string_view separator = ": ";
  for (const Breakpoint& breakpoint : breakpoints) {
    absl::StrAppend(&text, separator, FormatBreakpoint(breakpoint));
    separator = kArrow;
  }
  return text;
}

std::string FormatRecipe(const BugRecipe& recipe) {
  return FormatRecipe(recipe.root_seed(), BreakpointsOf(recipe));
}

absl::StatusOr<TextRecipe> ParseRecipe(absl::string_view text) {
  const size_t colon = text.find(':');
  const absl::string_view seed =
      absl::StripAsciiWhitespace(text.substr(0, colon));
  TextRecipe recipe;
  if (!ParseUint64(seed, recipe.root_seed)) {
    return absl::InvalidArgumentError(
        absl::StrCat("malformed recipe: its root seed ", Shown(seed), " ",
                     kNumber, "; ", kForm));
  }
  if (colon == absl::string_view::npos) return recipe;
  const absl::string_view rest =
      absl::StripAsciiWhitespace(text.substr(colon + 1));
  if (rest.empty()) return recipe;
  for (const absl::string_view segment : absl::StrSplit(rest, kArrow)) {
    absl::StatusOr<Breakpoint> breakpoint =
        ParseSegment(segment, recipe.breakpoints.size() + 1);
    if (!breakpoint.ok()) return breakpoint.status();
    recipe.breakpoints.push_back(*breakpoint);
  }
  return recipe;
}

std::vector<Breakpoint> BreakpointsOf(const BugRecipe& recipe) {
  std::vector<Breakpoint> breakpoints;
  breakpoints.reserve(static_cast<size_t>(recipe.segments_size()));
  for (const RecipeSegment& segment : recipe.segments()) {
    breakpoints.push_back({.count = segment.count(),
                           .seed = segment.seed(),
                           .streams = FromProtoStreams(segment.streams())});
  }
  return breakpoints;
}

uint32_t ToProtoStreams(StreamKinds streams) {
  return streams == kAllStreams ? 0 : streams;
}

StreamKinds FromProtoStreams(uint32_t streams) {
  const auto known = static_cast<StreamKinds>(streams & (kAllStreams | kSoon));
  return (known & kAllStreams) == 0 ? known | kAllStreams : known;
}

void SetSegments(absl::Span<const Breakpoint> breakpoints, BugRecipe& recipe) {
  recipe.clear_segments();
  for (const Breakpoint& breakpoint : breakpoints) {
    RecipeSegment* segment = recipe.add_segments();
    segment->set_count(breakpoint.count);
    segment->set_seed(breakpoint.seed);
    segment->set_streams(ToProtoStreams(breakpoint.streams));
  }
}

}  // namespace moonpool
