// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what was logged of a timeline is found again when its turn comes,
// however long the log is. Method: a log of many batches, resumed.
#include "explorer/directory/search_log.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace moonpool {
namespace {

#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;  // its allocator does not tell what is in use
#else
constexpr bool kSanitized = false;
#endif

constexpr uint64_t kBatches = 100;
constexpr uint64_t kPerBatch = 50;

SearchConfig Config() {
  SearchConfig config;
  config.set_schema_version(kLogSchemaVersion);
  config.set_campaign("maze");
  return config;
}

// Every second timeline has something to tell: a kilobyte of it.
std::string WriteLog(absl::string_view name) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", name);
  auto log = SearchLog::Create(path, Config(), {});
  EXPECT_TRUE(log.ok()) << log.status();
  for (uint64_t first = 0; first < kBatches * kPerBatch; first += kPerBatch) {
    LoggedBatch batch;
    batch.set_first(first);
    batch.set_count(kPerBatch);
    for (uint64_t n = first; n < first + kPerBatch; n += 2) {
      LoggedTimeline& timeline = *batch.add_timelines();
      timeline.set_number(n);
      timeline.set_draws(7 * n);
      timeline.mutable_violation()->set_message(std::string(1000, 'x'));
    }
    EXPECT_TRUE((*log)->Append(batch).ok());
  }
  return path;
}

TEST(SearchLogTest, AResumedLogIsReadAsItIsNeeded) {
  const std::string path = WriteLog("needed.log");
  const size_t before = mallinfo2().uordblks;
  auto log = SearchLog::Resume(path, Config());
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ((*log)->restored().timelines, kBatches * kPerBatch);
  size_t most = mallinfo2().uordblks;
  for (uint64_t n = 0; n < kBatches * kPerBatch; ++n) {
    absl::StatusOr<const LoggedTimeline*> found = (*log)->Find(n);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_EQ(*found != nullptr, n % 2 == 0) << n;
    if (*found != nullptr) EXPECT_EQ((*found)->draws(), 7 * n);
    most = std::max(most, mallinfo2().uordblks);
    // The search decides a few timelines ahead of those that it commits.
    if (n >= 8) (*log)->Forget(n - 8);
  }
  // Of 2.5 MB in all.
  if (!kSanitized) EXPECT_LT(most - before, size_t{500} << 10);
  EXPECT_EQ(*(*log)->Find(kBatches * kPerBatch), nullptr);
}

TEST(SearchLogTest, WhatIsAppendedToAResumedLogIsNotReadInItsPlace) {
  const std::string path = WriteLog("appended.log");
  auto log = SearchLog::Resume(path, Config());
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE((*log)->Find(0).ok());
  LoggedBatch batch;
  batch.set_first(kBatches * kPerBatch);
  batch.set_count(1);
  batch.add_timelines()->set_number(kBatches * kPerBatch);
  EXPECT_TRUE((*log)->Append(batch).ok());
  const uint64_t last = kBatches * kPerBatch - 2;
  ASSERT_NE(*(*log)->Find(last), nullptr);
  EXPECT_EQ((*(*log)->Find(last))->number(), last);
  EXPECT_EQ(*(*log)->Find(kBatches * kPerBatch), nullptr);
}

TEST(SearchLogTest, ALogThatShrinksMeanwhileIsTold) {
  const std::string path = WriteLog("shrinks.log");
  auto log = SearchLog::Resume(path, Config());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(truncate(path.c_str(), 100 << 10), 0);
  EXPECT_TRUE((*log)->Find(0).ok());
  const absl::Status status = (*log)->Find(kBatches * kPerBatch - 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "changed")) << status;
}

}  // namespace
}  // namespace moonpool
