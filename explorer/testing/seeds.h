// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Which seeds a simulation test runs, and what it tells about those that fail.
// Internal to explorer/testing.
#ifndef MOONPOOL_EXPLORER_TESTING_SEEDS_H_
#define MOONPOOL_EXPLORER_TESTING_SEEDS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/runner/builder.h"
#include "sim/runner/report.h"

namespace moonpool::testing_internal {

// What Bazel and the user say, through the environment.
struct TestEnvironment {
  std::optional<uint64_t> seed;  // MOONPOOL_SEED
  uint64_t run = 1;              // of --runs_per_test
  std::string target;            // "//pkg:target"; empty outside of Bazel
  std::string output_directory;  // empty: nowhere
};
// InvalidArgument if a variable is no decimal number.
absl::StatusOr<TestEnvironment> ReadTestEnvironment();

// A part of a test: seeds part, part + parts, … of its iterations.
struct TestPart {
  std::string full_name;  // "Suite.Name/2"
  std::string test_name;  // "Suite.Name": all parts share their base seed
  int iterations = 0;     // of the whole test; 0: the builder's
  int part = 0;
  int parts = 1;
};

// Sets the builder's seeds and returns what to print about them.
std::string ChooseSeeds(const TestEnvironment& environment,
                        const TestPart& part, SimulationBuilder& builder);

// The command that runs one seed of one test. `program` is used outside of
// Bazel.
std::string ReproductionLine(const TestEnvironment& environment,
                             const std::string& full_name,
                             absl::string_view program, absl::string_view seed);

// "seed 7 failed after 1.5 s simulated:" and a line for each violation.
std::string DescribeFailure(const IterationResult& failure);

// A recipe and a report for the failure; says which files and where. Does
// nothing without an output directory.
absl::StatusOr<std::string> WriteFailure(const TestEnvironment& environment,
                                         const std::string& full_name,
                                         absl::string_view reproduction,
                                         const IterationResult& failure);

// The events of the failing seed, as text and as a Perfetto trace: runs it once
// more. Says which files; "" without an output directory.
absl::StatusOr<std::string> WriteTrace(const TestEnvironment& environment,
                                       const std::string& full_name,
                                       const IterationResult& failure,
                                       SimulationBuilder& builder);

}  // namespace moonpool::testing_internal

#endif  // MOONPOOL_EXPLORER_TESTING_SEEDS_H_
