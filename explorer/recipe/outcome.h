// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Outcomes: what a timeline's end is called, and whether a replay is the run
// that its recipe describes.
//
#ifndef MOONPOOL_EXPLORER_RECIPE_OUTCOME_H_
#define MOONPOOL_EXPLORER_RECIPE_OUTCOME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "explorer/recipe/outcome.pb.h"
#include "explorer/recipe/recipe.pb.h"
#include "sim/assertions/table.h"

namespace moonpool {

// The kind of violation that code under test commits against the explorer.
inline constexpr absl::string_view kWildWrite = "wild write";

// The violation that the death of a timeline's process is, as far as its wait
// status tells (see explorer/fault/fault_report.h): kind "hang" (kHangSignal),
// "crash" (any other signal) or "exit" (the code under test left by _exit()).
Violation CrashViolation(int wait_status);

// As stored in a recipe; bytes that are not UTF-8 become \xNN.
ExpectedViolation ExpectedOf(const Violation& violation);
Violation ViolationOf(const ExpectedViolation& expected);

// Whether a replay must let wild writes pass: the search did not notice any
// before what the recipe expects.
bool ToleratesWildWrites(const BugRecipe& recipe);

// Compares a replay with its recipe. Without an expectation in the recipe the
// verdict says only whether something was violated.
ReplayVerdict CompareReplay(const BugRecipe& recipe,
                            const TimelineOutcome& outcome);

// Protobuf strings must be UTF-8; details come from any code.
std::string ToValidUtf8(absl::string_view bytes);

// 16 hex digits.
std::string HashToHex(uint64_t hash);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_RECIPE_OUTCOME_H_
