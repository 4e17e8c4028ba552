// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a slot is nobody's twice, and a process that nobody needs is killed
// once it owes nothing. Method: no process runs; the test plays the timelines,
// by writing into the slots what those that park would write.
#include "explorer/search/parked_set.h"

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool::explorer {
namespace {

class ParkedSetTest : public ::testing::Test {
 protected:
  ParkedSetTest() {
    order_.recreate = -1;
    for (int i = 1; i < 6; ++i) {
      Splitpoint splitpoint;
      splitpoint.parent = i - 1;
      archive_.AddSplitpoint(splitpoint);
    }
  }
  ~ParkedSetTest() override { Region::Unmap(region_); }

  void Park(int slot) { region_->checkpoints[slot].pid.store(1000 + slot); }
  // A process at the splitpoint, of job number splitpoint.
  int ParkAt(ParkedSet& set, int splitpoint) {
    set.LendTo(order_, false);
    const int slot = order_.free_checkpoints[0];
    Park(slot);
    set.Adopt(slot, splitpoint, static_cast<uint64_t>(splitpoint));
    set.TakeBackFrom(order_);
    EXPECT_EQ(set.At(splitpoint), slot);
    return slot;
  }
  std::vector<pid_t> Killed(ParkedSet& set, int owing = -1) {
    std::vector<pid_t> killed;
    set.KillCondemned([owing](int slot) { return slot == owing; },
                      [&killed](pid_t pid) { killed.push_back(pid); });
    return killed;
  }

  Region* region_ = Region::Map();
  Archive archive_;
  JobOrder order_ = {};
};

TEST_F(ParkedSetTest, WhatNobodyAdoptsIsFreeAgainOrKilled) {
  ParkedSet set(8, region_, &archive_);
  set.LendTo(order_, true);
  EXPECT_EQ(order_.free_count, kMaxNewCheckpoints);
  std::set<int> lent(order_.free_checkpoints,
                     order_.free_checkpoints + order_.free_count);
  lent.insert(order_.recreate);
  EXPECT_EQ(lent.size(), kMaxNewCheckpoints + 1);
  EXPECT_FALSE(lent.contains(kNursery));
  const int adopted = order_.free_checkpoints[0];
  const int parked = order_.free_checkpoints[1];
  const int empty = order_.free_checkpoints[2];
  Park(adopted);
  Park(parked);
  set.Adopt(adopted, 2, 1);
  // Nothing has parked there.
  set.Adopt(empty, 3, 1);
  EXPECT_EQ(set.At(3), -1);
  set.TakeBackFrom(order_);
  set.TakeBackRecreated(order_, 4, true);
  EXPECT_EQ(set.At(4), -1);
  EXPECT_EQ(set.size(), 1);
  // Who owes a timeline is killed later.
  EXPECT_TRUE(Killed(set, parked).empty());
  EXPECT_EQ(Killed(set), (std::vector<pid_t>{1000 + parked}));
  EXPECT_TRUE(Killed(set).empty());
  EXPECT_TRUE(set.Died(parked));
}

TEST_F(ParkedSetTest, AWayBeginsAtTheNearestProcess) {
  ParkedSet set(8, region_, &archive_);
  EXPECT_EQ(set.FindLivingAncestor(5), -1);
  const int slot = ParkAt(set, 2);
  EXPECT_EQ(set.FindLivingAncestor(5), 2);
  EXPECT_EQ(set.FindLivingAncestor(1), -1);
  // A replay brings that of a splitpoint back, if it is needed.
  for (const bool is_needed : {false, true}) {
    set.LendTo(order_, true);
    Park(order_.recreate);
    set.TakeBackFrom(order_);
    set.TakeBackRecreated(order_, 4, is_needed);
    EXPECT_EQ(order_.recreate, -1);
    EXPECT_EQ(set.FindLivingAncestor(5), is_needed ? 4 : 2);
  }
  // The kernel has killed it.
  EXPECT_FALSE(set.Died(set.At(4)));
  EXPECT_EQ(set.FindLivingAncestor(5), 2);
  set.Retire(2);
  EXPECT_EQ(set.FindLivingAncestor(5), -1);
  EXPECT_EQ(set.size(), 0);
  // The one that was not needed, and the one that no cell is at any more.
  EXPECT_EQ(Killed(set).size(), 2u);
  EXPECT_TRUE(set.Died(slot));
}

TEST_F(ParkedSetTest, TheColdestGo) {
  ParkedSet set(2, region_, &archive_);
  for (int splitpoint = 0; splitpoint < 4; ++splitpoint) {
    ParkAt(set, splitpoint);
  }
  set.CountPick(1, 10);
  set.Evict();
  // The first root seed's stays, and does not count.
  for (const int stays : {0, 1, 3}) EXPECT_GE(set.At(stays), 0) << stays;
  EXPECT_EQ(set.At(2), -1);
  EXPECT_EQ(set.size(), 2);
  EXPECT_EQ(Killed(set).size(), 1u);
}

}  // namespace
}  // namespace moonpool::explorer
