// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/testing/simulation_test.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "explorer/testing/crash_note.h"
#include "explorer/testing/seeds.h"
#include "gtest/gtest.h"
#include "providers/base/check.h"

namespace moonpool {
namespace {

using testing_internal::ChooseSeeds;
using testing_internal::CrashNote;
using testing_internal::DescribeFailure;
using testing_internal::ReadTestEnvironment;
using testing_internal::ReproductionLine;
using testing_internal::TestEnvironment;
using testing_internal::TestPart;
using testing_internal::WriteFailure;
using testing_internal::WriteTrace;

// More say nothing new; the files have them all.
constexpr int kFailuresShown = 10;

void Print(const std::string& text) {
  std::printf("[simulation] %s\n", text.c_str());
  std::fflush(stdout);
}

class SimulationTest final : public ::testing::Test {
 public:
  SimulationTest(TestPart part, const char* file, int line, bool misses_fail,
                 std::function<SimulationBuilder()> factory)
      : part_(std::move(part)),
        file_(file),
        line_(line),
        misses_fail_(misses_fail),
        factory_(std::move(factory)) {}

  void TestBody() override {
    absl::StatusOr<TestEnvironment> environment = ReadTestEnvironment();
    if (!environment.ok()) {
      Fail(environment.status().ToString());
      return;
    }
    SimulationBuilder builder = factory_();
    Print(absl::StrCat(part_.full_name, ": ",
                       ChooseSeeds(*environment, part_, builder)));
    const SimulationReport report = Run(*environment, builder);
    Print(absl::StrFormat(
        "%s: %d iterations, %d failed, %.3f s simulated, "
        "%d events",
        part_.full_name, report.iterations, report.failed_iterations,
        report.simulated_ns * 1e-9, report.events));
    ShowFailures(*environment, report, builder);
    ShowMisses(*environment, report);
  }

 private:
  void Fail(const std::string& text) { ADD_FAILURE_AT(file_, line_) << text; }

  std::string Reproduction(const TestEnvironment& environment,
                           absl::string_view seed) const {
    return ReproductionLine(environment, part_.full_name,
                            ::testing::internal::GetArgvs().front(), seed);
  }

  SimulationReport Run(const TestEnvironment& environment,
                       SimulationBuilder& builder) const {
    const std::vector<std::string> reproduction = absl::StrSplit(
        Reproduction(environment, "\n"), absl::MaxSplits('\n', 1));
    const CrashNote note(absl::StrCat("the program dies in ", part_.full_name,
                                      "; reproduce: ", reproduction[0]),
                         reproduction[1]);
    return builder.Run();
  }

  void ShowFailures(const TestEnvironment& environment,
                    const SimulationReport& report,
                    SimulationBuilder& builder) {
    int shown = 0;
    for (const IterationResult& failure : report.failures) {
      const std::string reproduction =
          Reproduction(environment, absl::StrCat(failure.seed));
      const absl::StatusOr<std::string> files =
          WriteFailure(environment, part_.full_name, reproduction, failure);
      if (!files.ok()) Fail(files.status().ToString());
      if (++shown > kFailuresShown) continue;
      std::string trace;
      if (shown == 1) {
        absl::StatusOr<std::string> written =
            WriteTrace(environment, part_.full_name, failure, builder);
        if (!written.ok()) Fail(written.status().ToString());
        trace = std::move(written).value_or("");
      }
      // What chaos did is long; the files have it of every seed.
      std::string text = absl::StrCat(DescribeFailure(failure),
                                      shown == 1 ? failure.chaos : "",
                                      "reproduce: ", reproduction);
      if (files.ok() && !files->empty()) {
        absl::StrAppend(&text, "\nwritten: ", *files, trace);
      }
      Fail(text);
    }
    if (report.failed_iterations > kFailuresShown) {
      Fail(absl::StrCat(report.failed_iterations - kFailuresShown,
                        " more failing seeds are not shown"));
    }
  }

  void ShowMisses(const TestEnvironment& environment,
                  const SimulationReport& report) {
    const bool fails =
        misses_fail_ && part_.parts == 1 && !environment.seed.has_value();
    for (const std::string& miss : report.misses) {
      const std::string text = absl::StrCat("never happened: ", miss);
      if (fails) {
        Fail(text);
      } else {
        Print(absl::StrCat(part_.full_name, ": warning: ", text));
      }
    }
  }

  const TestPart part_;
  const char* const file_;
  const int line_;
  const bool misses_fail_;
  const std::function<SimulationBuilder()> factory_;
};

}  // namespace

bool RegisterSimulationTest(const char* suite, const char* name,
                            const char* file, int line,
                            const SimulationTestOptions& options,
                            std::function<SimulationBuilder()> factory) {
  CHECK_GT(options.parts, 0) << suite << "." << name;
  for (int i = 0; i < options.parts; ++i) {
    const std::string part_name =
        options.parts == 1 ? name : absl::StrCat(name, "/", i);
    const TestPart part = {.full_name = absl::StrCat(suite, ".", part_name),
                           .test_name = absl::StrCat(suite, ".", name),
                           .iterations = options.iterations,
                           .part = i,
                           .parts = options.parts};
    ::testing::RegisterTest(
        suite, part_name.c_str(), nullptr, nullptr, file, line,
        // Test, not SimulationTest: a suite may mix TEST and SIMULATION_TEST.
        [=]() -> ::testing::Test* {
          return new SimulationTest(part, file, line, options.misses_fail,
                                    factory);
        });
  }
  return true;
}

}  // namespace moonpool
