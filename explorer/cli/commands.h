// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The explorer's verbs. Each takes its arguments and returns the exit code;
// an error is printed by the caller, InvalidArgument, NotFound and DataLoss (a
// damaged file) being the user's and all else the engine's.
#ifndef MOONPOOL_EXPLORER_CLI_COMMANDS_H_
#define MOONPOOL_EXPLORER_CLI_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "explorer/campaign.h"
#include "sim/runner/builder.h"

namespace moonpool {

struct CommandLine {
  std::string program;  // as the user would type it again
  std::vector<std::string> args;
};

absl::StatusOr<int> ListCommand(const CommandLine& line);
absl::StatusOr<int> RunCommand(const CommandLine& line);
absl::StatusOr<int> ExploreCommand(const CommandLine& line);
absl::StatusOr<int> ReplayCommand(const CommandLine& line);
absl::StatusOr<int> DoctorCommand(const CommandLine& line);
absl::StatusOr<int> MergeCommand(const CommandLine& line);
absl::StatusOr<int> ReportCommand(const CommandLine& line);

// What they share.

// Finds and builds a campaign, and checks that its assertions are sound.
absl::StatusOr<SimulationBuilder> MakeSimulation(
    absl::string_view campaign, const CampaignParams::Values& values);
// The one positional argument; the error says what it is.
absl::StatusOr<std::string> OnlyArgument(const std::vector<std::string>& args,
                                         absl::string_view command,
                                         absl::string_view what);
// Before the work: would the report be written? An empty path is fine.
absl::Status CheckJsonPath(const std::string& path);
// "tools/explore replay --campaign=kv --param=durable=true --recipe='42'".
std::string ReplayCommandFor(const CommandLine& line,
                             absl::string_view campaign,
                             const CampaignParams::Values& values,
                             absl::string_view recipe);
// "campaign · seed 42 · durable=true".
std::string Headline(absl::string_view verb, absl::string_view campaign,
                     uint64_t seed, const CampaignParams::Values& values);
// CPU time of this process and of those it has reaped.
double CpuSeconds();

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_COMMANDS_H_
