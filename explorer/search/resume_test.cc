// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a search that is logged may end at any instant: resumed, it is the
// search that was never interrupted, and nothing of it outlives its
// coordinator. Method: searches ended and killed again and again.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/explore.h"
#include "explorer/search/testing_search.h"
#include "gtest/gtest.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

// A search that is logged, ended and resumed again and again is the search that
// was never interrupted.
TEST(ResumeTest, AResumedSearchIsTheWholeSearch) {
  for (const char* campaign : {"gates", "wild", "maze", "race"}) {
    SCOPED_TRACE(campaign);
    ExploreOptions options = Options(campaign, kSanitized ? 90 : 300);
    const ExploreResult whole = MustExplore(options);
    const std::string expected = TreeOf(whole);
    // What was replaced is replaced again.
    if (campaign == std::string("race")) EXPECT_GT(whole.ways_replaced, 0u);
    options.log = absl::StrCat(testing::TempDir(), "/resumed-", campaign);
    const uint64_t all = options.timelines;
    for (const uint64_t timelines : {uint64_t{1}, all / 9, all / 2, all}) {
      options.timelines = timelines;
      const ExploreResult result = MustExplore(options);
      EXPECT_EQ(result.timelines, timelines);
      if (timelines == all) EXPECT_EQ(TreeOf(result), expected);
      options.resume = true;
    }
    // From the log alone.
    const ExploreResult again = MustExplore(options);
    EXPECT_EQ(again.restored_timelines, all);
    EXPECT_EQ(TreeOf(again), expected);
  }
}

// Returns how many timelines the killed coordinators had logged last.
uint64_t ExploreAndKill(const ExploreOptions& options, absl::Duration after) {
  fflush(nullptr);
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    Explore(options).status().IgnoreError();
    _exit(0);
  }
  // Without a log, however long that takes on a busy machine, there is nothing
  // to resume.
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (access(options.log.c_str(), R_OK) != 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  absl::SleepFor(after);
  kill(coordinator, SIGKILL);
  waitpid(coordinator, nullptr, 0);
  uint64_t logged = 0;
  SearchLogVisitor visitor;
  visitor.batch = [&logged](const LoggedBatch& batch) {
    logged += batch.count();
    return absl::OkStatus();
  };
  EXPECT_TRUE(ReadSearchLog(options.log, visitor).ok());
  return logged;
}

TEST(ResumeTest, KilledTenTimesItLosesNothingThatWasLogged) {
  ExploreOptions options = Options("wild", 4000);
  const std::string expected = TreeOf(MustExplore(options));
  options.log = absl::StrCat(testing::TempDir(), "/killed.log");
  TraceHash trace;
  RandomSource source(7, &trace);
  RandomStream random(&source, "kills");
  uint64_t logged = 0;
  for (int kills = 0; kills < 10; ++kills) {
    const uint64_t now = ExploreAndKill(
        options, absl::Milliseconds(20 + random.Below(kSanitized ? 900 : 300)));
    EXPECT_GE(now, logged);
    logged = now;
    options.resume = true;
  }
  EXPECT_GT(logged, 0u);
  const ExploreResult result = MustExplore(options);
  EXPECT_EQ(result.restored_timelines, logged);
  EXPECT_EQ(TreeOf(result), expected);
}

TEST(ResumeTest, ALogIsResumedByItsOwnSearchOnly) {
  ExploreOptions options = Options("gates", 30);
  options.log = absl::StrCat(testing::TempDir(), "/own.log");
  MustExplore(options);
  options.resume = true;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  ExploreOptions other = options;
  other.seed = 43;
  ExpectRefused(other, kInvalid, "seed");
  (other = options).lag = 9;
  ExpectRefused(other, kInvalid, "lag");
  (other = options).policy = "uniform";
  ExpectRefused(other, kInvalid, "policy");
  (other = options).build_id = "another";
  ExpectRefused(other, kInvalid, "build");
  (other = options).campaign = "maze";
  ExpectRefused(other, kInvalid, "campaign");
  (other = options).log += ".missing";
  ExpectRefused(other, absl::StatusCode::kNotFound,
                "own.log.missing: to begin a search there, leave out --resume");
}

TEST(ResumeTest, NothingOutlivesAKilledCoordinator) {
  const std::string path = absl::StrCat(testing::TempDir(), "/killed.recipe");
  unlink(path.c_str());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fflush(nullptr);
  const pid_t coordinator = fork();
  if (coordinator == 0) {
    // Some timelines will be in an endless loop when it dies.
    ExploreOptions options = Options("wild", 0);
    options.parameters = {{"hangs", "true"}};
    options.watchdog = absl::Seconds(600);
    options.workers = 4;
    options.on_bug = [&](const Bug& bug) {
      if (!WriteRecipeFile(path, bug.recipe).ok()) _exit(1);
    };
    Explore(options).status().IgnoreError();
    _exit(2);
  }
  close(ends[1]);
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (access(path.c_str(), R_OK) != 0 && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  absl::SleepFor(absl::Milliseconds(300));
  ASSERT_EQ(kill(coordinator, SIGKILL), 0);
  // Every process of the search holds the pipe's other end.
  pollfd closed = {ends[0], POLLIN, 0};
  EXPECT_EQ(poll(&closed, 1, kSanitized ? 5000 : 1000), 1);
  char byte;
  if (closed.revents != 0) EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(coordinator, &status, 0), coordinator);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  const absl::StatusOr<BugRecipe> recipe = ReadRecipeFile(path);
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->campaign(), "wild");
}

}  // namespace
}  // namespace moonpool
