// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of Time: a monotonic clock, sleeps that are long enough, time-outs
// with decided ties that clean up behind them.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(2);
constexpr absl::Duration kLong = absl::Milliseconds(20);

// Tells when the frame that holds it is destroyed.
struct Mark {
  explicit Mark(bool* gone) : gone(gone) {}
  ~Mark() { *gone = true; }
  bool* gone;
};

Task<absl::StatusOr<std::string>> AnswerAfter(Time* time,
                                              absl::Duration delay) {
  co_await time->Sleep(delay);
  co_return "answer";
}
Task<absl::StatusOr<std::string>> AnswerAtOnce() { co_return "answer"; }
Task<absl::Status> FailAtOnce() { co_return absl::DataLossError("mine"); }
Task<absl::Status> WorkFor(Time* time, absl::Duration delay, bool* gone,
                           bool* finished) {
  Mark mark(gone);
  co_await time->Sleep(delay);
  *finished = true;
  co_return absl::OkStatus();
}

TEST_P(TimeConformance, NowNeverGoesBack) {
  Run([&]() -> Task<absl::Status> {
    absl::Duration last = time().Now();
    for (int i = 0; i < 100; ++i) {
      if (i % 10 == 0) co_await time().Sleep(absl::Microseconds(i));
      const absl::Duration now = time().Now();
      EXPECT_GE(now, last);
      last = now;
    }
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, SleepTakesAtLeastItsTime) {
  Run([&]() -> Task<absl::Status> {
    const std::vector<absl::Duration> delays = {
        absl::Nanoseconds(1), absl::Microseconds(1), kShort, kLong};
    for (const absl::Duration delay : delays) {
      const absl::Duration before = time().Now();
      co_await time().Sleep(delay);
      EXPECT_GE(time().Now() - before, delay);
    }
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, SleepOfNothingReturns) {
  Run([&]() -> Task<absl::Status> {
    co_await time().Sleep(absl::ZeroDuration());
    co_await time().Sleep(-absl::Seconds(1));
    co_await time().Sleep(-absl::InfiniteDuration());
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, WallClockFollows) {
  Run([&]() -> Task<absl::Status> {
    const absl::Time before = time().WallNow();
    co_await time().Sleep(kLong);
    EXPECT_GE(time().WallNow() - before, kLong / 2);
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, SleepersWakeInTheOrderOfTheirDeadlines) {
  Run([&]() -> Task<absl::Status> {
    std::vector<int> woken;
    std::vector<JoinHandle> jobs;
    for (int i : {3, 1, 4, 2}) {
      jobs.push_back(tasks().Spawn([&, i]() -> Task<void> {
        co_await time().Sleep(i * absl::Milliseconds(5));
        woken.push_back(i);
      }));
    }
    for (JoinHandle& job : jobs) (void)co_await job.Join();
    EXPECT_EQ(woken, std::vector<int>({1, 2, 3, 4}));
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, ADestroyedSleepDoesNotWake) {
  Run([&]() -> Task<absl::Status> {
    bool gone = false;
    bool finished = false;
    JoinHandle job = tasks().Spawn(WorkFor, &time(), kShort, &gone, &finished);
    co_await tasks().YieldNow();
    job.Abort();
    EXPECT_TRUE((co_await job.Join()).code() == absl::StatusCode::kCancelled);
    co_await time().Sleep(2 * kShort);
    EXPECT_FALSE(finished);
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, TimeoutGivesTheResultInTime) {
  Run([&]() -> Task<absl::Status> {
    auto slow = co_await time().Timeout(absl::Seconds(10),
                                        AnswerAfter(&time(), kShort));
    EXPECT_EQ(slow, absl::StatusOr<std::string>("answer"));
    auto quick = co_await time().Timeout(kLong, AnswerAtOnce());
    EXPECT_EQ(quick, absl::StatusOr<std::string>("answer"));
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, TimeoutGivesTheTasksOwnError) {
  Run([&]() -> Task<absl::Status> {
    const absl::Status status = co_await time().Timeout(kLong, FailAtOnce());
    EXPECT_EQ(status, absl::DataLossError("mine"));
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, TimeoutEndsInDeadlineExceeded) {
  Run([&]() -> Task<absl::Status> {
    const absl::Duration before = time().Now();
    auto answer = co_await time().Timeout(
        kShort, AnswerAfter(&time(), absl::Seconds(3600)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
    EXPECT_GE(time().Now() - before, kShort);
    EXPECT_LT(time().Now() - before, absl::Seconds(3600));
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, ATaskThatTimesOutIsDestroyed) {
  Run([&]() -> Task<absl::Status> {
    bool gone = false;
    bool finished = false;
    const absl::Status status = co_await time().Timeout(
        kShort, WorkFor(&time(), kLong, &gone, &finished));
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_TRUE(gone);
    co_await time().Sleep(2 * kLong);
    EXPECT_FALSE(finished);
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, ASleepOfTheSameLengthWinsTheTie) {
  Run([&]() -> Task<absl::Status> {
    for (int i = 0; i < 5; ++i) {
      auto answer =
          co_await time().Timeout(kShort, AnswerAfter(&time(), kShort));
      EXPECT_TRUE(answer.ok()) << answer.status();
    }
    co_return absl::OkStatus();
  });
}

TEST_P(TimeConformance, TimeoutsNest) {
  Run([&]() -> Task<absl::Status> {
    const auto inner = [&](absl::Duration limit) -> Task<absl::Status> {
      bool gone = false;
      bool finished = false;
      co_return co_await time().Timeout(
          limit, WorkFor(&time(), absl::Seconds(3600), &gone, &finished));
    };
    const absl::Duration before = time().Now();
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        co_await time().Timeout(kShort, inner(absl::Seconds(1800)))));
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        co_await time().Timeout(absl::Seconds(1800), inner(kShort))));
    EXPECT_LT(time().Now() - before, absl::Seconds(1800));
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
