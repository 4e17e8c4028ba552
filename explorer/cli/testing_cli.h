// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What tests of the explorer's commands share: calls of its binaries.
#ifndef MOONPOOL_EXPLORER_CLI_TESTING_CLI_H_
#define MOONPOOL_EXPLORER_CLI_TESTING_CLI_H_

#include <string>

#include "explorer/report/report.pb.h"

namespace moonpool {

// The binaries, as a test that has them in its data sees them.
inline constexpr char kExplorer[] = "explorer/explorer";
inline constexpr char kTesting[] = "explorer/cli/testing_explorer";

#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;  // it has handlers of its own
#else
inline constexpr bool kSanitized = false;
#endif

std::string ReadFile(const std::string& path);
// Of a report as --json writes it.
ExplorationReport ReadReport(const std::string& path);

std::string TempPath(const std::string& name);
// A fresh path, whatever an earlier run has left.
std::string FreshDirectory(const std::string& name);

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// The arguments are written as for a shell.
Outcome Call(const std::string& binary, const std::string& arguments);
// kExplorer refuses them, in a line that has this error in it.
void ExpectRefused(const std::string& arguments, const std::string& error);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_TESTING_CLI_H_
