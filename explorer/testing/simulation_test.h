// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// SIMULATION_TEST: a simulation as a GoogleTest.
//
//   SIMULATION_TEST(Counter, SurvivesCrashes, .iterations = 200) {
//     return SimulationBuilder().Processes(...).Workload(...);
//   }
//   // BUILD.bazel, with load("//tools/bazel:sim.bzl", "simulation_test"):
//   // simulation_test(name = "counter_test", srcs = ["counter_test.cc"], ...)
//
// It fails once for each failing seed, with the violations, when and where, and
// the command that runs that seed alone:
//
//   bazel test //pkg:counter_test --test_filter=Counter.SurvivesCrashes
//       --test_env=MOONPOOL_SEED=123
//
// For each failing seed there are a recipe and a report in the test's outputs
// (TEST_UNDECLARED_OUTPUTS_DIR, or else MOONPOOL_OUTPUT_DIR).
//
// Which seeds run:
//   MOONPOOL_SEED=n       n and nothing else.
//   --runs_per_test=k     the first run uses the builder's seeds; each further
//                         one has a base seed of its own, derived from its
//                         number and the test's name, and printed.
//   otherwise             the builder's.
//
// Determinism: the same variables give the same seeds; nothing is random.
#ifndef MOONPOOL_EXPLORER_TESTING_SIMULATION_TEST_H_
#define MOONPOOL_EXPLORER_TESTING_SIMULATION_TEST_H_

#include <functional>

#include "sim/runner/builder.h"

namespace moonpool {

struct SimulationTestOptions {
  // Instead of the builder's own Iterations; 0: the builder's.
  int iterations = 0;
  // Splits the iterations into so many tests, named Test/0, Test/1, …: Bazel's
  // shard_count and GoogleTest distribute them like any others.
  // REQUIRES: iterations > 0 if there is more than one.
  int parts = 1;
  // What should have happened in some iteration and never did is a failure; by
  // default it is only printed. All assertions linked into the program count,
  // so put such a simulation into a program of its own. A pinned seed and a
  // part see too little to be judged: they only print.
  bool misses_fail = false;
};

// What the macro expands to; returns a value to initialise a static with.
bool RegisterSimulationTest(const char* suite, const char* name,
                            const char* file, int line,
                            const SimulationTestOptions& options,
                            std::function<SimulationBuilder()> factory);

}  // namespace moonpool

// Options are designated initializers of SimulationTestOptions. The body
// returns the SimulationBuilder.
#define SIMULATION_TEST(Suite, Name, ...)                             \
  static ::moonpool::SimulationBuilder Suite##_##Name##_Simulation(); \
  [[maybe_unused]] static const bool Suite##_##Name##_registered =    \
      ::moonpool::RegisterSimulationTest(                             \
          #Suite, #Name, __FILE__, __LINE__,                          \
          ::moonpool::SimulationTestOptions{__VA_ARGS__},             \
          &Suite##_##Name##_Simulation);                              \
  static ::moonpool::SimulationBuilder Suite##_##Name##_Simulation()

#endif  // MOONPOOL_EXPLORER_TESTING_SIMULATION_TEST_H_
