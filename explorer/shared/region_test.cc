// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what code under test writes where it should not is noticed or ends its
// process. Method: such writes.
#include "explorer/shared/region.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
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

TEST_F(RegionTest, LiesElsewhereIfItsPlaceIsTaken) {
  ASSERT_EQ(reinterpret_cast<uintptr_t>(region_), Region::kBase);
  Region* const second = Region::Map();
  EXPECT_NE(second, region_);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second) % kFaultWindow, 0u);
  second->jobs[kMaxLag - 1].draws = 1;
  EXPECT_EQ(region_->jobs[kMaxLag - 1].draws, 0u);
  Region::Unmap(second);
}

TEST(StandInDeathTest, IsReadOnlyUnlessItIsToTolerateWrites) {
  auto* const region = reinterpret_cast<Region*>(Region::kBase);
  EXPECT_DEATH(
      {
        Region::MapStandIn(/*is_writable=*/false);
        if (region->jobs[0].draws != 0) _exit(0);
        region->jobs[0].draws = 1;
        _exit(0);
      },
      "");
  EXPECT_EXIT(
      {
        Region::MapStandIn(/*is_writable=*/true);
        region->jobs[0].draws = 1;
        _exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(RegionDeathTest, AGuardedTimelineWritesItsResultOnlyWhenItMay) {
  auto write = [this](bool is_writable, size_t job) {
    region_->MakeReadOnly();
    region_->SetWritable(region_->jobs[1], is_writable);
    region_->jobs[job].edges[0] = 1;
    _exit(0);
  };
  EXPECT_EXIT(write(true, 1), testing::ExitedWithCode(0), "");
  EXPECT_DEATH(write(true, 0), "");
  EXPECT_DEATH(write(true, 2), "");
  EXPECT_DEATH(write(false, 1), "");
}

TEST_F(RegionDeathTest, NobodyWritesBesideIt) {
  auto* begin = reinterpret_cast<volatile char*>(region_);
  EXPECT_DEATH(begin[-1] = 1, "");
  EXPECT_DEATH(begin[sizeof(Region)] = 1, "");
}

TEST_F(RegionDeathTest, TimelinesOnlyReadTheFrontier) {
  Frontier& frontier = region_->frontier;
  ASSERT_TRUE(frontier.Commit(7, {}, 0, 0));
  region_->edges.known[kMaxEdges].store(1);
  EXPECT_DEATH(
      {
        region_->MakeOrdersReadOnly();
        const bool knows = EdgeFrontier::Has(region_->edges.known[kMaxEdges], 1);
        if (knows) region_->edges.covered[0].store(1);
      },
      "");
  EXPECT_DEATH(
      {
        region_->MakeOrdersReadOnly();
        region_->jobs[0].draws = 1;
        const FrontierEntry* entry = frontier.Find(7);
        if (entry != nullptr && frontier.Knows(*entry, {}, 1)) {
          frontier.Commit(8, {}, 0, 0);
        }
      },
      "");
}

TEST_F(RegionDeathTest, TimelinesOnlyReadOrders) {
  const std::vector<std::function<void()>> writes = {
      [&] { region_->coordinator_pid = 1; },
      [&] { region_->wake_at.store(1); },
      [&] { region_->orders[0].job = 1; },
      [&] { region_->orders[kMaxLag - 1].recreate = 1; },
      [&] { region_->PathOf(0, 1)[0] = {}; },
      [&] { region_->PathOf(kMaxLag - 1, kMaxPath)[kMaxPath - 1] = {}; },
      [&] { region_->runner_orders[0].ordered.store(1); },
      [&] { region_->checkpoint_orders[kMaxCheckpoints - 1].ring[0] = 1; },
  };
  for (size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    // Sanitizers exit with 1 instead of dying by the signal.
    EXPECT_DEATH(
        {
          region_->MakeOrdersReadOnly();
          // What they do write.
          region_->jobs[0].checksum = 1;
          region_->checkpoints[kMaxCheckpoints - 1].taken = 1;
          region_->runners[0].done.store(1);
          region_->free_workers.store(1);
          if (region_->orders[0].job != 0) _exit(0);
          writes[i]();
          _exit(0);
        },
        "");
  }
}

// A finished job with two discoveries, one of edges, and a violation.
void Fill(JobOrder& order, JobSlot& slot) {
  order.job = 17;
  order.path_size = 2;
  order.free_count = 1;
  order.free_checkpoints[0] = 5;
  Discovery& found = slot.discoveries[0];
  found.at.key = 9;
  found.checkpoint = 5;
  order.new_image_count = 1;
  order.new_images[0] = {.slot = 7, .generation = 3};
  found.image = 7;
  found.assertion = 2;
  found.label.Set("label");
  Discovery& edges = slot.discoveries[1];
  edges.at.key = 12;
  edges.checkpoint = -1;
  edges.image = -1;
  edges.assertion = kEdgesAssertion;
  edges.first_edge = 1;
  edges.edges = 2;
  for (uint32_t i = 0; i < 4; ++i) slot.edges[i] = 100 + i;
  slot.edge_count.store(4);
  slot.discovery_count.store(2);
  slot.arrivals[0].key = 10;
  slot.arrival_count.store(1);
  slot.violation.identity = 11;
  slot.violation.message.Set("message");
  slot.has_violation.store(1);
  slot.draws = 100;
  slot.counts[2].passes = 3;
  slot.told = FirstTold(17) + AddToChecksum(0, found) +
              AddToChecksum(0, edges) + AddToChecksum(0, slot.arrivals[0]) +
              AddToChecksum(0, slot.violation);
  slot.checksum = slot.ChecksumOf(17, slot.told, 3);
  slot.finished.store(1);
}

TEST_F(RegionTest, ACopyIsTheResultAsItWas) {
  JobOrder& order = region_->orders[0];
  JobSlot& slot = region_->jobs[0];
  Fill(order, slot);
  const auto copy = std::make_unique<JobSlot>();
  copy->CopyFrom(slot, 3);
  memset(static_cast<void*>(&slot), 0xff, sizeof(slot));
  EXPECT_TRUE(copy->IsIntact(order, 3));
  EXPECT_EQ(copy->discoveries[0].label.Get(), "label");
  EXPECT_EQ(copy->edges[2], 102u);
  // Whose counts are beyond all bounds.
  copy->CopyFrom(slot, 3);
  EXPECT_FALSE(copy->IsIntact(order, 3));
}

TEST_F(RegionTest, AnOverwrittenResultIsNoticed) {
  JobOrder& order = region_->orders[0];
  JobSlot& slot = region_->jobs[0];
  const std::vector<std::function<void()>> writes = {
      [&] { ++slot.draws; },
      [&] { ++slot.counts[2].passes; },
      [&] { ++slot.counts[0].fails; },
      [&] { ++slot.trace_hash; },
      [&] { slot.sample_count = 1 << 30; },
      [&] { ++slot.discoveries[0].at.key; },
      [&] { ++slot.discoveries[0].at.draws; },
      [&] { slot.discoveries[0].image = -1; },
      [&] { ++slot.discoveries[0].at.pending; },
      [&] { slot.discoveries[0].label.bytes[1] = '?'; },
      [&] { ++slot.arrivals[0].segment_draws; },
      [&] { slot.arrival_count.store(0); },
      [&] { slot.arrival_count.store(kMaxArrivals + 1); },
      [&] { slot.discovery_count.store(0); },
      [&] { slot.discovery_count.store(3); },
      [&] { slot.discoveries[1].first_edge = 2; },
      [&] { slot.discoveries[1].edges = 1; },
      [&] { ++slot.edges[2]; },
      [&] { ++slot.edges[3]; },
      [&] { slot.edge_count.store(5); },
      [&] { slot.has_violation.store(0); },
      [&] { ++slot.violation.identity; },
      [&] { slot.violation.message.size = 3; },
      [&] { ++slot.told; },
      [&] { ++order.job; },  // another job's result
  };
  for (size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    Fill(order, slot);
    EXPECT_TRUE(slot.IsIntact(order, 3));
    writes[i]();
    EXPECT_FALSE(slot.IsIntact(order, 3));
    memset(static_cast<void*>(&slot), 0, sizeof(slot));
  }
}

// It has no checksum of the whole yet.
TEST_F(RegionTest, OfADeadTimelineWhatItToldIsChecked) {
  JobOrder& order = region_->orders[0];
  JobSlot& slot = region_->jobs[0];
  const std::vector<std::function<void()>> writes = {
      [&] { slot.discovery_count.store(kMaxDiscoveries + 1); },
      [&] { slot.discovery_count.store(1); },
      [&] { slot.arrival_count.store(0); },
      [&] { ++slot.arrivals[0].draws; },
      [&] { slot.has_violation.store(0); },
      [&] { slot.violation.message.bytes[0] = '?'; },
      [&] { ++slot.told; },
      [&] { memset(static_cast<void*>(&slot), 0, sizeof(slot)); },
      [&] { slot.discoveries[0].assertion = 3; },
      [&] { slot.discoveries[0].at.pending = order.path_size + 1; },
      [&] { slot.discoveries[0].checkpoint = 6; },
      [&] { slot.discoveries[0].checkpoint = -2; },
      [&] { slot.discoveries[0].image = 6; },
      [&] { slot.discoveries[0].image = -2; },
      [&] { slot.edge_count.store(kMaxEdgeHits + 1); },
      [&] { slot.edge_count.store(2); },
      [&] { slot.discoveries[1].edges = 4; },
      [&] { slot.discoveries[1].edges = ~uint32_t{0}; },
      [&] { slot.discoveries[1].first_edge = ~uint32_t{0}; },
  };
  for (size_t i = 0; i < writes.size(); ++i) {
    SCOPED_TRACE(i);
    Fill(order, slot);
    slot.finished.store(0);
    EXPECT_TRUE(slot.IsIntact(order, 3));
    writes[i]();
    EXPECT_FALSE(slot.IsIntact(order, 3));
    memset(static_cast<void*>(&slot), 0, sizeof(slot));
  }
}

}  // namespace
}  // namespace moonpool::explorer
