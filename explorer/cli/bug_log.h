// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The log of a bug: its recipe is run once more, and what was seen of it is
// written as text: stack, last events, end of the output.
#ifndef MOONPOOL_EXPLORER_CLI_BUG_LOG_H_
#define MOONPOOL_EXPLORER_CLI_BUG_LOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/cli/isolated_run.h"
#include "explorer/recipe/recipe.pb.h"
#include "sim/runner/builder.h"

namespace moonpool {

// "bugs/3.log", beside "bugs/3.textproto".
std::string BugLogFile(size_t number);

// The text. replay_command: how to see it again. Error: Internal, the engine's.
absl::StatusOr<std::string> MakeBugLog(SimulationBuilder& builder,
                                       const BugRecipe& recipe,
                                       IsolatedRunOptions options,
                                       absl::string_view replay_command);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_BUG_LOG_H_
