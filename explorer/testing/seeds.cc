// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/testing/seeds.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/recipe/recipe.pb.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/perfetto_writer.h"
#include "sim/trace/text_log.h"

namespace moonpool::testing_internal {
namespace {

const char* Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::optional<uint64_t>> NumberVariable(const char* name) {
  const absl::string_view text = Variable(name);
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t value = 0;
  if (!ParseUint64(text, value)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, "=", text, " is no decimal number of 64 bits"));
  }
  return std::optional<uint64_t>(value);
}

BugRecipe RecipeOf(const std::string& full_name,
                   const IterationResult& failure) {
  BugRecipe recipe;
  recipe.set_campaign(full_name);
  recipe.set_root_seed(failure.seed);
  if (!failure.violations.empty()) {
    *recipe.mutable_expected() = ExpectedOf(failure.violations.front());
  }
  recipe.set_trace_hash(failure.trace_hash);
  recipe.set_events(failure.events);
  recipe.set_draws(failure.draws);
  recipe.set_build_id(BuildId());
  for (const TraceHash::Sample& sample : failure.trace_samples) {
    TraceSample* const stored = recipe.add_trace_samples();
    stored->set_events(sample.events);
    stored->set_draws(sample.draws);
    stored->set_hash(sample.hash);
  }
  return recipe;
}

std::string FileName(absl::string_view full_name, uint64_t seed) {
  return absl::StrCat(absl::StrReplaceAll(full_name, {{"/", "-"}}), ".seed-",
                      seed);
}

class EventRecorder final : public IterationHooks {
 public:
  void OnEventsReady(EventSink& sink) override { sink.set_ring(&ring_); }
  const EventRing& ring() const { return ring_; }

 private:
  EventRing ring_;
};

}  // namespace

absl::StatusOr<TestEnvironment> ReadTestEnvironment() {
  TestEnvironment environment;
  ASSIGN_OR_RETURN(environment.seed, NumberVariable("MOONPOOL_SEED"));
  // Bazel before 5 tells the number of the run by the second one only.
  for (const char* const name : {"TEST_RUN_NUMBER", "TEST_RANDOM_SEED"}) {
    ASSIGN_OR_RETURN(const std::optional<uint64_t> run, NumberVariable(name));
    if (!run.has_value()) continue;
    environment.run = *run;
    break;
  }
  environment.target = Variable("TEST_TARGET");
  environment.output_directory = Variable("TEST_UNDECLARED_OUTPUTS_DIR");
  if (environment.output_directory.empty()) {
    environment.output_directory = Variable("MOONPOOL_OUTPUT_DIR");
  }
  return environment;
}

std::string ChooseSeeds(const TestEnvironment& environment,
                        const TestPart& part, SimulationBuilder& builder) {
  if (environment.seed.has_value()) {
    builder.Seeds({*environment.seed}).Iterations(1);
    return absl::StrCat("seed ", *environment.seed, " alone (MOONPOOL_SEED)");
  }
  std::string text =
      absl::StrCat("the builder's seeds, base seed ", builder.base_seed());
  if (environment.run > 1) {
    // Two tests of one run have seeds of their own.
    const uint64_t base = HashBytes(
        part.test_name, Combine64(builder.base_seed(), environment.run));
    builder.BaseSeed(base);
    text = absl::StrCat("run ", environment.run, ", base seed ", base);
  }
  if (part.parts == 1) {
    if (part.iterations > 0) builder.Iterations(part.iterations);
    return text;
  }
  CHECK_GT(part.iterations, 0)
      << "a SIMULATION_TEST with .parts needs .iterations";
  std::vector<uint64_t> seeds;
  for (int i = part.part; i < part.iterations; i += part.parts) {
    seeds.push_back(builder.SeedOf(i));
  }
  CHECK(!seeds.empty()) << "a SIMULATION_TEST has more parts than iterations";
  builder.Iterations(static_cast<int>(seeds.size())).Seeds(std::move(seeds));
  return absl::StrCat(text, ", part ", part.part + 1, " of ", part.parts);
}

std::string ReproductionLine(const TestEnvironment& environment,
                             const std::string& full_name,
                             absl::string_view program,
                             absl::string_view seed) {
  if (environment.target.empty()) {
    return absl::StrCat("MOONPOOL_SEED=", seed, " ", program,
                        " --gtest_filter=", full_name);
  }
  return absl::StrCat("bazel test ", environment.target,
                      " --test_filter=", full_name,
                      " --test_env=MOONPOOL_SEED=", seed);
}

std::string DescribeFailure(const IterationResult& failure) {
  std::string text = absl::StrFormat(
      "seed %d failed after %.6f s simulated, %d events:\n", failure.seed,
      failure.simulated_ns * 1e-9, failure.events);
  for (const Violation& violation : failure.violations) {
    absl::StrAppendFormat(&text, "  at %.6f s, event %d: %s: %s",
                          violation.time_ns * 1e-9, violation.event,
                          violation.kind, violation.message);
    if (!violation.details.empty()) {
      absl::StrAppend(&text, "   ", violation.details);
    }
    if (!violation.place.empty()) {
      absl::StrAppend(&text, "   (", violation.place, ")");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

absl::StatusOr<std::string> WriteFailure(const TestEnvironment& environment,
                                         const std::string& full_name,
                                         absl::string_view reproduction,
                                         const IterationResult& failure) {
  if (environment.output_directory.empty()) return "";
  const std::string name = FileName(full_name, failure.seed);
  const std::string stem =
      absl::StrCat(environment.output_directory, "/", name);
  const std::string recipe = absl::StrCat(stem, ".recipe.textproto");
  RETURN_IF_ERROR(WriteRecipeFile(recipe, RecipeOf(full_name, failure)));
  const std::string report = absl::StrCat(stem, ".txt");
  RETURN_IF_ERROR(WriteFileAtomically(
      report,
      absl::StrCat(full_name, "\n", DescribeFailure(failure), failure.chaos,
                   "trace hash ", HashToHex(failure.trace_hash), ", ",
                   failure.draws, " draws, ", failure.boots, " boots, build ",
                   BuildId(), "\nreproduce: ", reproduction, "\n")));
  // Bazel packs its directory and throws it away.
  return absl::StrCat(name, ".recipe.textproto and .txt in ",
                      environment.target.empty()
                          ? environment.output_directory
                          : "test.outputs/outputs.zip beside test.log");
}

absl::StatusOr<std::string> WriteTrace(const TestEnvironment& environment,
                                       const std::string& full_name,
                                       const IterationResult& failure,
                                       SimulationBuilder& builder) {
  if (environment.output_directory.empty()) return "";
  EventRecorder recorder;
  const IterationResult again = builder.RunIteration(failure.seed, &recorder);
  if (again.trace_hash != failure.trace_hash) {
    return absl::FailedPreconditionError(absl::StrCat(
        "seed ", failure.seed, " does not run the same way twice: something "
        "in it is not deterministic; no trace written"));
  }
  const std::string name = FileName(full_name, failure.seed);
  const std::string stem =
      absl::StrCat(environment.output_directory, "/", name);
  RETURN_IF_ERROR(
      WriteFileAtomically(absl::StrCat(stem, ".log"),
                          FormatLog(recorder.ring())));
  RETURN_IF_ERROR(WriteFileAtomically(
      absl::StrCat(stem, ".pftrace"),
      PerfettoTrace(recorder.ring(), {.end_ns = again.simulated_ns})));
  return ", with .log and .pftrace (for ui.perfetto.dev)";
}

}  // namespace moonpool::testing_internal
