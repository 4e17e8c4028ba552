// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of Tasks: spawned work runs concurrently, never inline; Join tells
// how it ended; Abort ends it; YieldNow lets the others run.
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

Task<absl::Status> Return(absl::Status status) { co_return status; }
Task<int> ReturnNumber() { co_return 7; }
Task<absl::Status> Throw() {
  throw std::runtime_error("thrown by the test");
  co_return absl::OkStatus();
}
Task<absl::Status> SleepForever(Time* time) {
  co_await time->Sleep(absl::InfiniteDuration());
  co_return absl::OkStatus();
}

TEST_P(TasksConformance, SpawnedWorkRunsButNotInline) {
  Run([&]() -> Task<absl::Status> {
    bool ran = false;
    JoinHandle job = tasks().Spawn([&]() -> Task<void> {
      ran = true;
      co_return;
    });
    EXPECT_FALSE(ran);
    EXPECT_FALSE(job.is_finished());
    CO_RETURN_IF_ERROR(co_await job.Join());
    EXPECT_TRUE(ran);
    EXPECT_TRUE(job.is_finished());
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, JoinGivesTheResult) {
  Run([&]() -> Task<absl::Status> {
    JoinHandle good = tasks().Spawn(Return, absl::OkStatus());
    JoinHandle bad = tasks().Spawn(Return, absl::DataLossError("lost"));
    JoinHandle number = tasks().Spawn(ReturnNumber);
    EXPECT_TRUE((co_await good.Join()).ok());
    EXPECT_EQ(co_await bad.Join(), absl::DataLossError("lost"));
    EXPECT_TRUE((co_await number.Join()).ok());
    // Again, now that it is over.
    EXPECT_EQ(co_await bad.Join(), absl::DataLossError("lost"));
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, AnExceptionIsConfinedToItsTask) {
  Run([&]() -> Task<absl::Status> {
    JoinHandle job = tasks().Spawn(Throw);
    const absl::Status status = co_await job.Join();
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    EXPECT_NE(status.ToString().find("thrown by the test"), std::string::npos)
        << status;
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, AbortCancels) {
  Run([&]() -> Task<absl::Status> {
    JoinHandle job = tasks().Spawn(SleepForever, &time());
    co_await tasks().YieldNow();
    EXPECT_FALSE(job.is_finished());
    job.Abort();
    EXPECT_TRUE(job.is_finished());
    EXPECT_TRUE(absl::IsCancelled(co_await job.Join()));
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, AbortBeforeTheFirstStepRunsNothing) {
  Run([&]() -> Task<absl::Status> {
    bool ran = false;
    JoinHandle job = tasks().Spawn([&]() -> Task<void> {
      ran = true;
      co_return;
    });
    job.Abort();
    EXPECT_TRUE(absl::IsCancelled(co_await job.Join()));
    co_await time().Sleep(absl::Milliseconds(1));
    EXPECT_FALSE(ran);
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, AbortAfterTheEndKeepsTheResult) {
  Run([&]() -> Task<absl::Status> {
    JoinHandle job = tasks().Spawn(Return, absl::DataLossError("lost"));
    EXPECT_EQ(co_await job.Join(), absl::DataLossError("lost"));
    job.Abort();
    EXPECT_EQ(co_await job.Join(), absl::DataLossError("lost"));
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, AJoinerHearsOfTheAbort) {
  Run([&]() -> Task<absl::Status> {
    JoinHandle job = tasks().Spawn(SleepForever, &time());
    JoinHandle killer = tasks().Spawn([&]() -> Task<void> {
      co_await time().Sleep(absl::Milliseconds(1));
      job.Abort();
    });
    EXPECT_TRUE(absl::IsCancelled(co_await job.Join()));
    co_return co_await killer.Join();
  });
}

TEST_P(TasksConformance, DroppingTheHandleDoesNotEndTheTask) {
  Run([&]() -> Task<absl::Status> {
    bool ran = false;
    {
      JoinHandle dropped = tasks().Spawn([&]() -> Task<void> {
        co_await time().Sleep(absl::Milliseconds(1));
        ran = true;
      });
    }
    co_await time().Sleep(absl::Milliseconds(20));
    EXPECT_TRUE(ran);
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, ArgumentsAreKeptByValue) {
  Run([&]() -> Task<absl::Status> {
    std::string got;
    const auto keep = [](std::string text, std::string* to) -> Task<void> {
      *to = text;
      co_return;
    };
    std::string text = "before";
    JoinHandle job = tasks().Spawn(keep, text, &got);
    text = "after";
    CO_RETURN_IF_ERROR(co_await job.Join());
    EXPECT_EQ(got, "before");
    co_return absl::OkStatus();
  });
}

// Ready tasks may run in any order, so one that yields may be picked again at
// once; but it cannot keep the others from running for ever.
TEST_P(TasksConformance, YieldingInALoopStarvesNobody) {
  Run([&]() -> Task<absl::Status> {
    constexpr int kTasks = 10;
    // Each waits for the one before it, all the time ready.
    std::vector<bool> done(kTasks + 1);
    std::vector<JoinHandle> jobs;
    for (int i = kTasks; i > 0; --i) {
      jobs.push_back(tasks().Spawn([&, i]() -> Task<void> {
        while (!done[i - 1]) co_await tasks().YieldNow();
        done[i] = true;
      }));
    }
    co_await tasks().YieldNow();
    EXPECT_FALSE(done[kTasks]);
    done[0] = true;
    while (!done[kTasks]) co_await tasks().YieldNow();
    for (JoinHandle& job : jobs) CO_RETURN_IF_ERROR(co_await job.Join());
    co_return absl::OkStatus();
  });
}

TEST_P(TasksConformance, ManyTasksFinish) {
  Run([&]() -> Task<absl::Status> {
    int finished = 0;
    std::vector<JoinHandle> jobs;
    for (int i = 0; i < 1000; ++i) {
      jobs.push_back(tasks().Spawn([&]() -> Task<void> {
        co_await tasks().YieldNow();
        ++finished;
      }));
    }
    for (JoinHandle& job : jobs) CO_RETURN_IF_ERROR(co_await job.Join());
    EXPECT_EQ(finished, 1000);
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
