// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A campaign whose workload dies at a six in some step, in the phase and in
// the way that its parameters say. Each way has a function of its own, which
// the explorer must name.
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/shared/region.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

constexpr int kSteps = 10;
constexpr int64_t kUnluckyStep = 3;

// What the compiler must not see through.
volatile int* volatile nowhere = nullptr;
[[maybe_unused]] volatile int zero = 0;
[[maybe_unused]] volatile int seven = 7;
volatile bool forever = true;
void (*volatile no_function)() = nullptr;

#define WAY_TO_DIE __attribute__((noinline, disable_tail_calls)) void

WAY_TO_DIE DereferenceNull() { *nowhere = 1; }
WAY_TO_DIE DereferenceNullElsewhere() { *nowhere = 2; }
WAY_TO_DIE CallNull() { no_function(); }
WAY_TO_DIE RaiseBus() { raise(SIGBUS); }
WAY_TO_DIE RaiseArithmetic() {
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
  raise(SIGFPE);
#else
  seven = seven / zero;
#endif
}
WAY_TO_DIE IllegalInstruction() { asm volatile("ud2"); }
WAY_TO_DIE CallAbort() { abort(); }
WAY_TO_DIE FreeTwice() {
  void* volatile block = malloc(100);
  free(block);
  free(block);
}
WAY_TO_DIE ThrowException() { throw std::runtime_error("thrown"); }
WAY_TO_DIE ThrowFromNoexcept() noexcept { ThrowException(); }
WAY_TO_DIE CallExit() { exit(7); }
WAY_TO_DIE CallUnderscoreExit() { _exit(8); }
WAY_TO_DIE LoopForever() {
  while (forever) {
  }
}
WAY_TO_DIE LeaveMark(volatile char* at) { *at = 1; }
WAY_TO_DIE RecurseForever() {
  volatile char frame[1000];
  LeaveMark(frame);
  if (forever) RecurseForever();
  LeaveMark(frame);
}
WAY_TO_DIE GrowForever() {
  static std::vector<std::unique_ptr<char[]>> hoard;
  while (forever) hoard.push_back(std::make_unique<char[]>(size_t{1} << 20));
}
WAY_TO_DIE AllocateTooMuch() {
  char* volatile block = new char[size_t{1} << 36];
  delete[] block;
}
WAY_TO_DIE MallocForever() {
  while (forever) {
    char* volatile block = static_cast<char*>(malloc(size_t{1} << 20));
    if (block == nullptr) abort();
    block[0] = 1;
  }
}
WAY_TO_DIE UseAfterFree() {
  char* volatile block = new char[100];
  delete[] block;
  block[50] = 1;
}
WAY_TO_DIE ReadAfterFree() {
  char* volatile block = new char[100];
  delete[] block;
  seven = block[50];
}
WAY_TO_DIE WriteBeyondTheEnd() {
  char* volatile block = new char[100];
  block[100] = 1;
  delete[] block;
}
WAY_TO_DIE OverflowAnInt() { seven = INT_MAX - 7 + seven + 1; }
WAY_TO_DIE ShiftTooFar() { seven = 1 << (seven + 30); }
// As a pointer would that is wrong by a fixed number of bytes.
WAY_TO_DIE WriteToTheExplorer() {
  auto* const region =
      reinterpret_cast<explorer::Region*>(explorer::Region::kBase);
  for (explorer::JobSlot& slot : region->jobs) ++slot.arrival_count;
}

using Way = void (*)();
Way WayToDie(const std::string& name) {
  static const std::map<std::string, Way> ways = {
      {"DereferenceNull", DereferenceNull},
      {"CallNull", CallNull},
      {"RaiseBus", RaiseBus},
      {"RaiseArithmetic", RaiseArithmetic},
      {"IllegalInstruction", IllegalInstruction},
      {"CallAbort", CallAbort},
      {"FreeTwice", FreeTwice},
      {"ThrowFromNoexcept", ThrowFromNoexcept},
      {"ThrowException", ThrowException},
      {"CallExit", CallExit},
      {"CallUnderscoreExit", CallUnderscoreExit},
      {"LoopForever", LoopForever},
      {"RecurseForever", RecurseForever},
      {"GrowForever", GrowForever},
      {"AllocateTooMuch", AllocateTooMuch},
      {"MallocForever", MallocForever},
      {"UseAfterFree", UseAfterFree},
      {"WriteToTheExplorer", WriteToTheExplorer},
      {"ReadAfterFree", ReadAfterFree},
      {"WriteBeyondTheEnd", WriteBeyondTheEnd},
      {"OverflowAnInt", OverflowAnInt},
      {"ShiftTooFar", ShiftTooFar},
  };
  const auto found = ways.find(name);
  return found == ways.end() ? nullptr : found->second;
}

class Doomed final : public Workload {
 public:
  Doomed(std::string way, std::string phase)
      : way_(std::move(way)), phase_(std::move(phase)) {}

  absl::string_view name() const override { return "doomed"; }
  Task<absl::Status> Setup(SimContext& ctx) override {
    co_return co_await Live(ctx, "set-up");
  }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await Live(ctx, "run");
  }
  Task<absl::Status> Check(SimContext& ctx) override {
    co_return co_await Live(ctx, "check");
  }

 private:
  Task<absl::Status> Live(SimContext& ctx, absl::string_view phase) {
    for (int64_t step = 0; step < kSteps; ++step) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      const bool six = ctx.random().Below(6) == 5;
      ctx.log().Info("rolled", {{"step", step}});
      ASSERT_SOMETIMES(six, "a six");
      if (phase == phase_ && six && step == kUnluckyStep) {
        fprintf(stderr, "about to die by %s\n", way_.c_str());
        if (way_ == "SleepForever") {
          for (;;) co_await ctx.time().Sleep(absl::Nanoseconds(1));
        }
        if (way_ == "TwoCrashes" && ctx.random().Below(2) == 0) {
          DereferenceNullElsewhere();
        }
        if (way_ == "TwoCrashes") DereferenceNull();
        if (way_ == "FourReports") {
          constexpr const char* kReports[] = {"UseAfterFree", "ReadAfterFree",
                                              "WriteBeyondTheEnd",
                                              "OverflowAnInt"};
          WayToDie(kReports[ctx.random().Below(4)])();
        }
        WayToDie(way_)();
      }
    }
    co_return absl::OkStatus();
  }

  const std::string way_;
  const std::string phase_;
};

}  // namespace

REGISTER_CAMPAIGN(faults, "Dies at an unlucky step") {
  const std::string way = params.String("way", "DereferenceNull", "how");
  const std::string phase = params.String("phase", "run", "when");
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Doomed>(way, phase));
  if (phase == "build") {
    builder.Processes({.factory = [way]() -> std::unique_ptr<Process> {
      WayToDie(way)();
      return nullptr;
    }});
  }
  if (phase == "invariant") {
    builder.Invariant("doom", [way](const StateHandle&, absl::Duration now) {
      if (now > absl::Milliseconds(35)) WayToDie(way)();
    });
  }
  return builder;
}

}  // namespace moonpool
