// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what is said of a leader's rivals is what the Raft paper says of them.
// Method: figure 8 with three servers, step by step, and logs followed through
// every kind of change.
#include "explorer/campaigns/rivals.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace moonpool {
namespace {

// Terms from index base on; base 0: the term before the first entry is 0.
void Set(TermLog& log, std::vector<uint64_t> terms, uint64_t base = 0) {
  if (base == 0) terms.insert(terms.begin(), 0);
  log.Follow(base, base + terms.size() - 1,
             [&](uint64_t i) { return terms[i - base]; });
}

std::vector<uint64_t> Terms(const TermLog& log) {
  std::vector<uint64_t> terms;
  for (uint64_t i = log.base(); i <= log.last(); ++i) {
    terms.push_back(log.term(i));
  }
  return terms;
}

TEST(TermLogTest, FollowsAppendsCutsAndSnapshots) {
  TermLog log;
  EXPECT_EQ(log.last(), 0u);
  Set(log, {1, 1, 2});
  EXPECT_EQ(Terms(log), (std::vector<uint64_t>{0, 1, 1, 2}));
  Set(log, {1, 1, 2, 2});
  EXPECT_EQ(log.newest(), (std::pair<uint64_t, uint64_t>{2, 4}));
  Set(log, {1, 3});  // what followed was cut off
  EXPECT_EQ(Terms(log), (std::vector<uint64_t>{0, 1, 3}));
  Set(log, {1});
  EXPECT_EQ(Terms(log), (std::vector<uint64_t>{0, 1}));
  Set(log, {3, 4}, 2);  // a snapshot up to 2
  EXPECT_EQ(log.base(), 2u);
  EXPECT_EQ(Terms(log), (std::vector<uint64_t>{3, 4}));
  Set(log, {5, 6, 7}, 2);  // another one of the same length
  EXPECT_EQ(Terms(log), (std::vector<uint64_t>{5, 6, 7}));
}

TEST(TermLogTest, WhatASnapshotHasReplacedCountsAsHad) {
  TermLog log;
  Set(log, {3, 4}, 2);
  EXPECT_TRUE(log.Has(1, 9));
  EXPECT_TRUE(log.Has(2, 9));
  EXPECT_TRUE(log.Has(3, 4));
  EXPECT_FALSE(log.Has(3, 3));
  EXPECT_FALSE(log.Has(4, 4));
}

TEST(PartingTest, IsTheFirstDifferentEntry) {
  TermLog a;
  TermLog b;
  EXPECT_EQ(Parting(a, b), 0u);
  Set(a, {1, 1, 2, 2});
  EXPECT_EQ(Parting(a, b), 0u);  // merely behind
  Set(b, {1, 1, 2});
  EXPECT_EQ(Parting(a, b), 0u);
  Set(b, {1, 1, 3, 3, 3});
  EXPECT_EQ(Parting(a, b), 3u);
  EXPECT_EQ(Parting(b, a), 3u);
  Set(b, {4, 4});
  EXPECT_EQ(Parting(a, b), 1u);
  Set(b, {1, 5}, 2);  // entries from 3 on
  EXPECT_EQ(Parting(a, b), 3u);
  Set(b, {1}, 4);
  EXPECT_EQ(Parting(a, b), 0u);
}

// Three servers; s1 leads.
class RivalryTest : public testing::Test {
 protected:
  RivalryTest() : logs_(3), servers_(3) {
    for (int i = 0; i < 3; ++i) {
      servers_[i].log = &logs_[i];
      servers_[i].is_up = true;
      servers_[i].voters = 0b111;
    }
    servers_[0].leads = true;
  }
  std::optional<Rivalry> Find() const { return FindRivalry(servers_); }

  std::vector<TermLog> logs_;
  std::vector<RaftServerView> servers_;
};

TEST_F(RivalryTest, OfFigure8StepByStep) {
  // s1 led term 2 and wrote an entry, s2 led term 3, and s1 leads again.
  servers_[0].term = 4;
  Set(logs_[0], {1, 2, 4});
  Set(logs_[1], {1, 3});
  Set(logs_[2], {1});
  servers_[1].is_up = false;
  std::optional<Rivalry> rivalry = Find();
  ASSERT_TRUE(rivalry.has_value());
  EXPECT_EQ(rivalry->spread, 1);
  EXPECT_FALSE(rivalry->is_committed);
  EXPECT_TRUE(rivalry->is_later);
  EXPECT_FALSE(rivalry->is_apart);
  EXPECT_EQ(rivalry->rival, 0);
  // Its old entry is on a majority.
  Set(logs_[2], {1, 2});
  EXPECT_EQ(Find()->spread, 2);
  // It is committed, which is wrong: s2 is back and will be elected.
  servers_[0].commit = 2;
  servers_[1].is_up = true;
  rivalry = Find();
  EXPECT_TRUE(rivalry->is_committed);
  EXPECT_EQ(rivalry->rival, 2);
  servers_[1].cut = 0b101;
  EXPECT_EQ(Find()->rival, 1);
  servers_[1].cut = 0b001;
  servers_[0].cut = 0b110;
  EXPECT_TRUE(Find()->is_apart);
  EXPECT_EQ(Find()->rival, 2);
  servers_[1].campaigns = true;
  servers_[1].term = 4;  // in vain: s1 leads that term
  EXPECT_EQ(Find()->rival, 2);
  servers_[1].term = 5;
  EXPECT_EQ(Find()->rival, 3);
  // An entry of the leader's own term on a majority ends it.
  Set(logs_[2], {1, 2, 4});
  EXPECT_FALSE(Find().has_value());
}

TEST_F(RivalryTest, AnOldLeadersTailIsARivalUntilAMajorityIsNewer) {
  servers_[0].term = 2;
  servers_[1].leads = true;  // still, in term 1
  servers_[1].term = 1;
  Set(logs_[0], {1, 2});
  Set(logs_[1], {1, 1, 1});
  Set(logs_[2], {1});
  const std::optional<Rivalry> rivalry = Find();
  ASSERT_TRUE(rivalry.has_value());
  EXPECT_FALSE(rivalry->is_later);
  EXPECT_EQ(rivalry->spread, 1);
  Set(logs_[2], {1, 2});
  EXPECT_FALSE(Find().has_value());
}

TEST_F(RivalryTest, NoneWithoutALeaderOrDifferentEntries) {
  servers_[0].term = 2;
  Set(logs_[0], {1, 2});
  Set(logs_[1], {1});
  EXPECT_FALSE(Find().has_value());  // merely behind
  Set(logs_[1], {1, 1});
  EXPECT_TRUE(Find().has_value());
  servers_[0].leads = false;
  EXPECT_FALSE(Find().has_value());
}

// An uncommitted change of the membership is in force where it is known.
TEST_F(RivalryTest, EachGoesByItsOwnMembership) {
  servers_[0].term = 2;
  Set(logs_[0], {1, 2});
  Set(logs_[1], {1, 1});
  Set(logs_[2], {1, 2});
  EXPECT_FALSE(Find().has_value());
  servers_[1].voters = 0b010;  // alone
  ASSERT_TRUE(Find().has_value());
  EXPECT_EQ(Find()->spread, 2);
  servers_[1].voters = 0b101;  // it does not vote itself
  EXPECT_FALSE(Find().has_value());
  servers_[1].voters = 0;  // joint
  EXPECT_FALSE(Find().has_value());
  servers_[1].voters = 0b010;
  servers_[0].voters = 0;
  EXPECT_FALSE(Find().has_value());
}

TEST_F(RivalryTest, TheFurthestCounts) {
  servers_[0].term = 4;
  Set(logs_[0], {1, 2});
  for (const int later : {1, 2}) {
    const int other = 3 - later;
    Set(logs_[later], {1, 3});
    Set(logs_[other], {1, 1, 3});
    servers_[later].is_up = false;
    servers_[other].is_up = true;
    const std::optional<Rivalry> rivalry = Find();
    ASSERT_TRUE(rivalry.has_value());
    EXPECT_TRUE(rivalry->is_later);
    EXPECT_EQ(rivalry->rival, 0);
  }
}

}  // namespace
}  // namespace moonpool
