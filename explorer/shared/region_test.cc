// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what code under test writes where it should not is noticed or ends its
// process. Method: such writes.
#include "explorer/shared/region.h"

#include <cstring>
#include <functional>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

class RegionTest : public ::testing::Test {
 protected:
  ~RegionTest() override { Region::Unmap(region_); }
  Region* region_ = Region::Map();
};

using RegionDeathTest = RegionTest;

TEST_F(RegionDeathTest, NobodyWritesBesideIt) {
  auto* begin = reinterpret_cast<volatile char*>(region_);
  EXPECT_DEATH(begin[-1] = 1, "");
  EXPECT_DEATH(begin[sizeof(Region)] = 1, "");
}

TEST_F(RegionDeathTest, TimelinesOnlyReadTheFrontier) {
  Frontier& frontier = region_->frontier;
  ASSERT_TRUE(frontier.Commit(7, {}, 0, 0));
  EXPECT_DEATH(
      {
        region_->MakeFrontierReadOnly();
        region_->jobs[0].draws = 1;
        const FrontierEntry* entry = frontier.Find(7);
        if (entry != nullptr && frontier.Knows(*entry, {}, 1)) {
          frontier.Commit(8, {}, 0, 0);
        }
      },
      "");
}

// A finished job with a discovery and a violation.
void Fill(JobSlot& slot) {
  slot.path_size = 2;
  slot.free_count = 1;
  slot.free_checkpoints[0] = 5;
  Discovery& found = slot.discoveries[0];
  found.key = 9;
  found.checkpoint = 5;
  found.assertion = 2;
  found.label.Set("label");
  slot.discovery_count.store(1);
  slot.violation.identity = 11;
  slot.violation.message.Set("message");
  slot.has_violation.store(1);
  slot.draws = 100;
  slot.counts[2].passes = 3;
  slot.checksum = slot.ChecksumOf(
      AddToChecksum(0, found) + AddToChecksum(0, slot.violation), 3);
  slot.finished.store(1);
}

TEST_F(RegionTest, AnOverwrittenResultIsNoticed) {
  JobSlot& slot = region_->jobs[0];
  const std::vector<std::function<void()>> writes = {
      [&] { ++slot.draws; },
      [&] { ++slot.counts[2].passes; },
      [&] { ++slot.counts[0].fails; },
      [&] { ++slot.trace_hash; },
      [&] { slot.sample_count = 1 << 30; },
      [&] { ++slot.discoveries[0].key; },
      [&] { ++slot.discoveries[0].draws; },
      [&] { ++slot.discoveries[0].pending; },
      [&] { slot.discoveries[0].label.bytes[1] = '?'; },
      [&] { slot.discovery_count.store(0); },
      [&] { slot.discovery_count.store(2); },
      [&] { slot.has_violation.store(0); },
      [&] { ++slot.violation.identity; },
      [&] { slot.violation.message.size = 3; },
  };
  for (size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    Fill(slot);
    EXPECT_TRUE(slot.IsIntact(3));
    writes[i]();
    EXPECT_FALSE(slot.IsIntact(3));
    memset(static_cast<void*>(&slot), 0, sizeof(slot));
  }
}

// It has no checksum yet; but what it says must not lead out of a table.
TEST_F(RegionTest, OfADeadTimelineWhatLeadsAstrayIsNoticed) {
  JobSlot& slot = region_->jobs[0];
  const std::vector<std::function<void()>> writes = {
      [&] { slot.discovery_count.store(kMaxDiscoveries + 1); },
      [&] { slot.discoveries[0].assertion = 3; },
      [&] { slot.discoveries[0].pending = slot.path_size + 1; },
      [&] { slot.discoveries[0].checkpoint = 6; },
      [&] { slot.discoveries[0].checkpoint = slot.free_checkpoints[0] = -2; },
      [&] { slot.free_count = kMaxNewCheckpoints + 1; },
  };
  for (size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    Fill(slot);
    slot.finished.store(0);
    EXPECT_TRUE(slot.IsIntact(3));
    writes[i]();
    EXPECT_FALSE(slot.IsIntact(3));
    memset(static_cast<void*>(&slot), 0, sizeof(slot));
  }
}

}  // namespace
}  // namespace moonpool::explorer
