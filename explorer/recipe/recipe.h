// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Recipes: how a timeline is written down, for people and for files.
//
// The text form is SEED: count@seed -> count@seed, the root seed and then the
// breakpoints in order; without any, just SEED. A breakpoint for some kinds of
// streams only names them: count@seed/network+faults; one that hastens faults says
// so: count@seed/soon, count@seed/faults+soon. It names neither campaign nor
// build. The file form (recipe.proto) does, and says what to expect.
#ifndef MOONPOOL_EXPLORER_RECIPE_RECIPE_H_
#define MOONPOOL_EXPLORER_RECIPE_RECIPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "explorer/recipe/recipe.pb.h"
#include "sim/core/rng.h"

namespace moonpool {

inline constexpr uint32_t kRecipeSchemaVersion = 1;

struct TextRecipe {
  uint64_t root_seed = 0;
  std::vector<Breakpoint> breakpoints;
};

std::string FormatRecipe(uint64_t root_seed,
                         absl::Span<const Breakpoint> breakpoints);
std::string FormatRecipe(const BugRecipe& recipe);
// The text of one breakpoint.
std::string FormatBreakpoint(const Breakpoint& breakpoint);
// Numbers are decimal and fit 64 bits: no sign, no hex. White space is allowed
// around the whole, around the seed and around the segments. InvalidArgument
// names the segment that is wrong.
absl::StatusOr<TextRecipe> ParseRecipe(absl::string_view text);

std::vector<Breakpoint> BreakpointsOf(const BugRecipe& recipe);
// As protos store a breakpoint's streams: 0 for all.
uint32_t ToProtoStreams(StreamKinds streams);
StreamKinds FromProtoStreams(uint32_t streams);
void SetSegments(absl::Span<const Breakpoint> breakpoints, BugRecipe& recipe);

// Protobuf text if the name ends in .textproto, binary otherwise. Errors are
// one line and say what to do: NotFound, InvalidArgument.
absl::StatusOr<BugRecipe> ReadRecipeFile(const std::string& path);
// Atomic. Sets the schema version.
absl::Status WriteRecipeFile(const std::string& path, const BugRecipe& recipe);

// A fingerprint of the running program, 16 hex digits: a recipe replays only
// on the code that it was found with. Computed once, from the program's file.
const std::string& BuildId();

// Strict decimal: digits only, no overflow. False if it is anything else.
bool ParseUint64(absl::string_view text, uint64_t& value);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_RECIPE_RECIPE_H_
