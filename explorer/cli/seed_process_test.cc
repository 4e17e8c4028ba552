// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each seed's result comes over once and in order, whatever other seeds
// do to their process. Method: seeds that are plain functions.
#include "explorer/cli/seed_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace moonpool {
namespace {

SeedRun Numbered(int i) {
  SeedRun run;
  run.result.seed = static_cast<uint64_t>(i);
  run.result.events = static_cast<uint64_t>(i) * 3;
  return run;
}

SeedRun Violating(int i, std::string details) {
  SeedRun run = Numbered(i);
  run.result.violations.push_back({.identity = 7,
                                   .kind = "ASSERT_ALWAYS",
                                   .message = "m",
                                   .details = std::move(details)});
  return run;
}

struct Seen {
  absl::Status status;
  std::vector<SeedRun> runs;
};

Seen RunAll(int count, const SeedProcessOptions& options,
            const std::function<absl::StatusOr<SeedRun>(int)>& run) {
  Seen seen;
  seen.status = RunSeeds(count, options, run, [&seen](int i, SeedRun& run) {
    EXPECT_EQ(i, static_cast<int>(seen.runs.size()));
    if (!run.died) EXPECT_EQ(run.result.seed, static_cast<uint64_t>(i));
    seen.runs.push_back(run);
    return absl::OkStatus();
  });
  // Nobody is left.
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  return seen;
}

TEST(SeedProcessTest, ResultsComeOverInOrder) {
  for (const bool at_once : {false, true}) {
    const Seen seen = RunAll(5000, {.at_once = at_once}, Numbered);
    EXPECT_TRUE(seen.status.ok()) << seen.status;
    ASSERT_EQ(seen.runs.size(), 5000u);
    EXPECT_EQ(seen.runs[4999].result.events, 4999u * 3);
  }
}

TEST(SeedProcessTest, AllRunInOneProcessAsLongAsItLives) {
  const Seen seen = RunAll(100, {}, [](int i) {
    SeedRun run = Numbered(i);
    run.result.draws = static_cast<uint64_t>(getpid());
    if (i == 49) raise(SIGKILL);
    return run;
  });
  ASSERT_EQ(seen.runs.size(), 100u);
  EXPECT_NE(seen.runs[0].result.draws, static_cast<uint64_t>(getpid()));
  EXPECT_EQ(seen.runs[0].result.draws, seen.runs[48].result.draws);
  EXPECT_TRUE(seen.runs[49].died);
  EXPECT_NE(seen.runs[50].result.draws, seen.runs[48].result.draws);
  EXPECT_EQ(seen.runs[50].result.draws, seen.runs[99].result.draws);
}

TEST(SeedProcessTest, DeathsAreViolationsOfTheirSeedsOnly) {
  const Seen seen = RunAll(
      40, {.watchdog = absl::Milliseconds(100)},
      [](int i) -> absl::StatusOr<SeedRun> {
        if (i == 0 || i == 20 || i == 21) _exit(4);
        if (i == 10) abort();
        if (i == 39) {
          for (volatile bool forever = true; forever;) {
          }
        }
        return Numbered(i);
      });
  EXPECT_TRUE(seen.status.ok()) << seen.status;
  ASSERT_EQ(seen.runs.size(), 40u);
  for (int i = 0; i < 40; ++i) {
    const bool dies = i == 0 || i == 20 || i == 21 || i == 10 || i == 39;
    ASSERT_EQ(seen.runs[i].died, dies) << i;
    if (!dies) continue;
    ASSERT_EQ(seen.runs[i].result.violations.size(), 1u);
    EXPECT_EQ(seen.runs[i].result.violations[0].kind,
              i == 10 ? "crash" : i == 39 ? "hang" : "exit");
  }
}

// The watchdog grants its time to each of them.
TEST(SeedProcessTest, ManySeedsMayTakeLongerThanOneMay) {
  const Seen seen = RunAll(12, {.watchdog = absl::Milliseconds(200)}, [](int i) {
    absl::SleepFor(absl::Milliseconds(100));
    return Numbered(i);
  });
  ASSERT_EQ(seen.runs.size(), 12u);
  for (const SeedRun& run : seen.runs) EXPECT_FALSE(run.died);
}

TEST(SeedProcessTest, AReaderMayTakeItsTime) {
  int taken = 0;
  const absl::Status status = RunSeeds(
      2, {.watchdog = absl::Milliseconds(100), .at_once = true}, Numbered,
      [&taken](int, SeedRun& run) {
        EXPECT_FALSE(run.died);
        absl::SleepFor(absl::Milliseconds(600));
        ++taken;
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(taken, 2);
}

TEST(SeedProcessTest, ViolationsComeOverWhole) {
  const std::string details(100000, 'd');
  const Seen seen = RunAll(
      60, {}, [&details](int i) { return Violating(i, details); });
  ASSERT_EQ(seen.runs.size(), 60u);  // six megabytes
  for (const SeedRun& run : seen.runs) {
    ASSERT_EQ(run.result.violations.size(), 1u);
    EXPECT_EQ(run.result.violations[0].identity, 7u);
    EXPECT_EQ(run.result.violations[0].details, details);
  }
}

TEST(SeedProcessTest, EnormousDetailsAreCut) {
  const Seen seen = RunAll(2, {}, [](int i) {
    return Violating(i, std::string(10 << 20, 'd'));
  });
  EXPECT_TRUE(seen.status.ok()) << seen.status;
  ASSERT_EQ(seen.runs.size(), 2u);
  EXPECT_GT(seen.runs[1].result.violations[0].details.size(), 100000u);
}

TEST(SeedProcessTest, AnErrorEndsIt) {
  const Seen seen = RunAll(9, {}, [](int i) -> absl::StatusOr<SeedRun> {
    if (i == 3) return absl::NotFoundError("no disk");
    return Numbered(i);
  });
  EXPECT_EQ(seen.status, absl::NotFoundError("no disk"));
  EXPECT_EQ(seen.runs.size(), 3u);
  const absl::Status here = RunSeeds(9, {}, Numbered, [](int i, SeedRun&) {
    return i == 3 ? absl::DataLossError("here") : absl::OkStatus();
  });
  EXPECT_EQ(here, absl::DataLossError("here"));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace moonpool
