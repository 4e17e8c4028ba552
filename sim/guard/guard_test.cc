// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/guard/guard.h"

#include <dirent.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/guard/stack.h"
#include "sim/runner/builder.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kStart = 1767225600;  // 2026-01-01T00:00:00Z

// Runs a function 1,500 ms after the beginning of a simulation.
class Caller final : public Workload {
 public:
  explicit Caller(std::function<void()> call) : call_(std::move(call)) {}
  absl::string_view name() const override { return "caller"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.time().Sleep(absl::Milliseconds(1500));
    call_();
    co_return absl::OkStatus();
  }

 private:
  const std::function<void()> call_;
};

IterationResult Simulate(std::function<void()> call, uint64_t seed = 7) {
  return SimulationBuilder()
      .Workload(std::make_unique<Caller>(std::move(call)))
      .RunIteration(seed);
}

class GuardTest : public ::testing::Test {
 protected:
  ~GuardTest() override {
    SetGuardMode(GuardMode::kVirtual);
    SetDirectoryOrderSalt(0);
  }
};

TEST_F(GuardTest, ClocksTellVirtualTime) {
  std::vector<int64_t> seen;
  const IterationResult result = Simulate([&seen] {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    seen.push_back(now.tv_sec * 1000 + now.tv_nsec / 1000000);
    clock_gettime(CLOCK_REALTIME, &now);
    seen.push_back(now.tv_sec * 1000 + now.tv_nsec / 1000000);
    timeval day = {};
    gettimeofday(&day, nullptr);
    seen.push_back(day.tv_sec * 1000 + day.tv_usec / 1000);
    seen.push_back(time(nullptr));
    seen.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                       .count());
    seen.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count());
    seen.push_back(absl::ToUnixMillis(absl::Now()));
  });
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_THAT(seen, ElementsAre(1500, kStart * 1000 + 1500,
                                kStart * 1000 + 1500, kStart + 1, 1500,
                                kStart * 1000 + 1500, kStart * 1000 + 1500));
}

std::vector<uint64_t> Entropies() {
  std::vector<uint64_t> values(2);
  EXPECT_EQ(getrandom(&values[0], 8, 0), 8);
  EXPECT_EQ(getentropy(&values[1], 8), 0);
  values.push_back(std::random_device()());
  values.push_back(static_cast<uint64_t>(rand()));
  values.push_back(static_cast<uint64_t>(random()));
  values.push_back(static_cast<uint64_t>(lrand48()));
  return values;
}

TEST_F(GuardTest, EntropyComesFromTheSeed) {
  const auto entropies = [](uint64_t seed) {
    std::vector<uint64_t> values;
    const IterationResult result =
        Simulate([&values] { values = Entropies(); }, seed);
    EXPECT_THAT(result.violations, IsEmpty());
    return values;
  };
  const std::vector<uint64_t> values = entropies(1);
  EXPECT_EQ(entropies(1), values);
  const std::vector<uint64_t> others = entropies(2);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NE(values[i], others[i]);
}

TEST_F(GuardTest, WithoutAWorldNothingChanges) {
  EXPECT_NE(Entropies(), Entropies());
  // Far from the simulated calendar, and running.
  timespec real = {};
  clock_gettime(CLOCK_MONOTONIC, &real);
  const auto before = std::chrono::steady_clock::now();
  usleep(2000);
  EXPECT_GE(std::chrono::steady_clock::now() - before,
            std::chrono::milliseconds(2));
  int ran = 0;
  std::thread([&ran] { ran = 1; }).join();
  EXPECT_EQ(ran, 1);
  srand(5);
  const int first = rand();
  srand(5);
  EXPECT_EQ(rand(), first);
  // A world alone, as engine code has one, is not a simulation.
  World world(WorldOptions{});
  EXPECT_NE(Entropies(), Entropies());
  EXPECT_NE(time(nullptr), kStart);
}

TEST_F(GuardTest, EngineCodeInsideAWorldIsExempt) {
  time_t seen = 0;
  SetGuardMode(GuardMode::kForbid);
  const IterationResult result = Simulate([&seen] {
    Arena::OutsideScope engine;
    seen = time(nullptr);
    usleep(1);
  });
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_NE(seen, kStart + 1);
}

struct Offence {
  void Sleeps() {
    sleep(100);
    asm volatile("");  // no tail call, which would leave no frame
  }
  void Naps() { std::this_thread::sleep_for(std::chrono::hours(1)); }
  void Dozes() { absl::SleepFor(absl::Hours(1)); }
  void StartsAThread() {
    try {
      std::thread([] {}).join();
    } catch (const std::system_error&) {
    }
  }
  void Rolls() {
    volatile int ignored = rand();
    (void)ignored;
  }
};

std::string ViolationOf(void (Offence::*offend)()) {
  const IterationResult result = Simulate([offend] {
    Offence offence;
    (offence.*offend)();
  });
  if (result.violations.empty()) return "";
  EXPECT_EQ(result.violations[0].kind, "determinism");
  EXPECT_EQ(result.violations[0].event, 1u);
  EXPECT_EQ(result.violations[0].time_ns, 1500000000);
  return result.violations[0].message;
}

TEST_F(GuardTest, WhatTheWorldCannotAnswerIsAViolationNamingTheCaller) {
  const absl::Time start = absl::Now();
  EXPECT_THAT(ViolationOf(&Offence::Sleeps),
              AllOf(HasSubstr("sleep is called by "), HasSubstr("Offence"),
                    HasSubstr("ctx.time().Sleep")));
  EXPECT_THAT(ViolationOf(&Offence::Naps), HasSubstr("nanosleep is called by"));
  EXPECT_THAT(ViolationOf(&Offence::Dozes),
              HasSubstr("nanosleep is called by"));
  EXPECT_THAT(ViolationOf(&Offence::StartsAThread),
              AllOf(HasSubstr("pthread_create is called by"),
                    HasSubstr("StartsAThread"), HasSubstr("spawn a task")));
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

TEST_F(GuardTest, ModesDecideAboutWhatTheWorldCanAnswer) {
  EXPECT_EQ(ViolationOf(&Offence::Rolls), "");
  SetGuardMode(GuardMode::kForbid);
  EXPECT_THAT(ViolationOf(&Offence::Rolls), HasSubstr("rand is called by"));
  SetGuardMode(GuardMode::kOff);
  EXPECT_EQ(ViolationOf(&Offence::Rolls), "");
  time_t seen = 0;
  Simulate([&seen] { seen = time(nullptr); });
  EXPECT_NE(seen, kStart + 1);
}

TEST_F(GuardTest, OneCallerIsReportedOnce) {
  const IterationResult result = Simulate([] {
    for (int i = 0; i < 10; ++i) usleep(1);
  });
  EXPECT_EQ(result.violations.size(), 1u);
}

std::vector<std::string> Names(unsigned long salt) {
  SetDirectoryOrderSalt(salt);
  std::vector<std::string> names;
  Simulate([&names] {
    DIR* directory = opendir("/usr");
    while (const dirent* entry = readdir(directory)) {
      names.push_back(entry->d_name);
    }
    closedir(directory);
  });
  return names;
}

TEST_F(GuardTest, DirectoriesCanBeSalted) {
  const std::vector<std::string> plain = Names(0);
  ASSERT_GT(plain.size(), 4u);
  EXPECT_EQ(Names(0), plain);
  EXPECT_EQ(Names(3), Names(3));
  EXPECT_NE(Names(3), Names(4));
  EXPECT_THAT(Names(3), ::testing::UnorderedElementsAreArray(plain));
}

TEST_F(GuardTest, AForkAnswersTheSame) {
  uint64_t parent_saw = 0;
  bool equal = false;
  Simulate([&] {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    uint64_t value = 0;
    EXPECT_EQ(getrandom(&value, sizeof(value), 0), 8);
    if (child == 0) {
      const ssize_t size = write(ends[1], &value, sizeof(value));
      _exit(size == sizeof(value) ? 0 : 1);
    }
    parent_saw = value;
    uint64_t child_saw = 0;
    ASSERT_EQ(read(ends[0], &child_saw, sizeof(child_saw)), 8);
    waitpid(child, nullptr, 0);
    equal = child_saw == parent_saw;
  });
  EXPECT_TRUE(equal);
}

__attribute__((noinline)) std::vector<std::string> NamedFunctionForStack() {
  return SymbolizedStack();
}

TEST_F(GuardTest, StacksHaveNames) {
  const std::vector<std::string> stack = NamedFunctionForStack();
  ASSERT_FALSE(stack.empty());
  EXPECT_THAT(stack[0], HasSubstr("NamedFunctionForStack"));
}

}  // namespace
}  // namespace moonpool
