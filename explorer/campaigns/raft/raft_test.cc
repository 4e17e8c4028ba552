// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: nothing is found in a correct Raft, whatever happens to it, and the
// planted bugs are found. Method: whole simulations of fixed seeds.
#include "explorer/campaigns/raft/raft.h"

#include <cstdint>

#include "absl/strings/string_view.h"
#include "explorer/campaigns/testing_marks.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/assertions/table.h"
#include "sim/runner/builder.h"
#include "sim/runner/report.h"

namespace moonpool::raft {
namespace {

using ::testing::IsEmpty;

uint64_t Passes(const SimulationReport& report, absl::string_view message) {
  for (const AssertionEntry& entry : report.assertions) {
    if (entry.message == message) return entry.passes;
  }
  return 0;
}

// Which links are cut is part of it, and whether the rival is down.
TEST(RaftTest, TellsHowFarTheLeadersRivalsAre) {
  SimulationBuilder builder = MakeRaftSimulation({});
  MarkCollector marks;
  for (uint64_t seed = 1; seed <= 100; ++seed) builder.RunIteration(seed);
  EXPECT_THAT(marks.Missing("raft rivals spread=1 committed=0",
                            {"later=0", "later=1", "apart=0", "apart=1",
                             "rival=0", "rival=1", "rival=2", "rival=3"}),
              IsEmpty());
  // Of a correct one, not even a rival can overwrite what is committed.
  EXPECT_EQ(marks.Count("raft rivals", "committed=1"), 0);
}

TEST(RaftTest, TellsHowNearASnapshotIsToACommandWithoutAnAnswer) {
  SimulationBuilder builder = MakeRaftSimulation({});
  MarkCollector marks;
  for (uint64_t seed = 1; seed <= 100; ++seed) builder.RunIteration(seed);
  // "1 " is not 16.
  EXPECT_THAT(
      marks.Missing("raft doubt",
                    {"snapshot=0", "snapshot=1 ", "snapshot=2", "snapshot=3",
                     "snapshot=9", "snapshot=16", "again=0", "again=1",
                     "behind=1", "behind=2", "behind=3"}),
      IsEmpty());
  EXPECT_EQ(marks.Count("raft doubt", "behind=0"), 0);
  // Who began with such a snapshot, and is not asked by those who are to answer.
  EXPECT_GT(marks.Count("raft doubt entries to a snapshot=0 must ask again=1",
                        "behind=3"),
            0);
}

TEST(RaftTest, TellsWhoAsksForASecondVote) {
  SimulationBuilder builder = MakeRaftSimulation({});
  MarkCollector marks;
  for (uint64_t seed = 1; seed <= 200; ++seed) builder.RunIteration(seed);
  EXPECT_THAT(
      marks.Missing("raft second vote",
                    {"touch=0", "touch=1", "leader=0", "leader=1", "leader=2",
                     "itself=0", "itself=1"}),
      IsEmpty());
}

TEST(RaftTest, ACorrectOneSurvives) {
  SimulationBuilder builder = MakeRaftSimulation({});
  const SimulationReport report = builder.Iterations(200).Run();
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  // It was a test.
  for (absl::string_view message :
       {"an operation is answered", "a client gives up",
        "an election has no winner", "a candidate's log is behind",
        "a follower cuts off entries", "a follower installs a snapshot",
        "an entry of an older term is committed", "a server recovers its log",
        "a server recovers a snapshot",
        "a history is found linearizable"}) {
    EXPECT_GT(Passes(report, message), 0u) << message;
  }
  // What leads to danger is nothing wrong by itself.
  for (absl::string_view milestone :
       {"raft contest", "raft rivals", "raft newest commit",
        "a server comes back in the term of its vote",
        "a server comes back without its last entries",
        "raft doubt", "a snapshot is taken",
        "a server begins with a snapshot"}) {
    EXPECT_GT(Passes(report, milestone), 0u) << milestone;
  }
}

TEST(RaftTest, SoItDoesWithFaultsOfEverything) {
  SimulationBuilder builder = MakeRaftSimulation({.swarm = true});
  const SimulationReport report = builder.Iterations(200).Run();
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  for (absl::string_view message :
       {"a server recovers from an error of its disk",
        "a torn tail is cut off", "a history is found linearizable"}) {
    EXPECT_GT(Passes(report, message), 0u) << message;
  }
}

TEST(RaftTest, WhatLivesLongWritesItsJournalAnew) {
  // Each recovery does so, too, so a file grows large only without crashes.
  SimulationBuilder builder =
      MakeRaftSimulation({.operations = 200, .crashes = false});
  const SimulationReport report = builder.Iterations(20).Run();
  EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
  EXPECT_GT(Passes(report, "a journal is written anew"), 0u);
}

TEST(RaftTest, NoLeaderWasEverFoundHereOnce) {
  // Sectors that nobody could read any more, on two of three servers.
  SimulationBuilder swarm = MakeRaftSimulation({.swarm = true});
  EXPECT_TRUE(
      swarm.RunIteration(17978273757934491711u).violations.empty());
  // The old leader lacks an entry, and who has it had been voted out.
  SimulationBuilder spares = MakeRaftSimulation({.spares = 2});
  EXPECT_TRUE(
      spares.RunIteration(10312111535140649804u).violations.empty());
}

TEST(RaftTest, SoItDoesWhenItsMembershipChanges) {
  for (const bool pre_vote : {false, true}) {
    SimulationBuilder builder =
        MakeRaftSimulation({.spares = 2, .pre_vote = pre_vote});
    const SimulationReport report = builder.Iterations(60).Run();
    EXPECT_EQ(report.failed_iterations, 0) << report.ToString();
    EXPECT_GT(Passes(report, "a membership change is begun"), 0u);
    EXPECT_GT(Passes(report, "a joint configuration is left"), 0u);
    EXPECT_GT(Passes(report, "a leader that was removed steps down"), 0u);
  }
}

TEST(RaftTest, ACalmOneElectsSeldom) {
  SimulationBuilder rough = MakeRaftSimulation({});
  const uint64_t often =
      Passes(rough.Iterations(20).Run(), "raft elections");
  SimulationBuilder calm = MakeRaftSimulation({.calm = 40});
  EXPECT_LT(3 * Passes(calm.Iterations(20).Run(), "raft elections"), often);
}

TEST(RaftTest, SnapshotsReplaceSoManyEntries) {
  SimulationBuilder often = MakeRaftSimulation({.snapshot_entries = 10});
  EXPECT_GT(Passes(often.Iterations(5).Run(), "a snapshot is taken"), 0u);
  SimulationBuilder never = MakeRaftSimulation({.snapshot_entries = 10000});
  EXPECT_EQ(Passes(never.Iterations(5).Run(), "a snapshot is taken"), 0u);
}

TEST(RaftTest, SameSeedSameRun) {
  SimulationBuilder builder = MakeRaftSimulation({.spares = 1});
  const IterationResult a = builder.RunIteration(5);
  const IterationResult b = builder.RunIteration(5);
  EXPECT_EQ(a.trace_hash, b.trace_hash);
  EXPECT_NE(a.trace_hash, builder.RunIteration(6).trace_hash);
}

bool IsFound(const RaftOptions& options, int most_iterations) {
  SimulationBuilder builder = MakeRaftSimulation(options);
  return builder.FailFast().Iterations(most_iterations).Run()
             .failed_iterations > 0;
}

TEST(RaftTest, ShallowBugsAreFound) {
  EXPECT_TRUE(IsFound({.bug = Bug::kNoLogCheck}, 20));
  EXPECT_TRUE(IsFound({.bug = Bug::kMatchFromPrev}, 20));
  EXPECT_TRUE(IsFound({.bug = Bug::kStaleRead}, 100));
  EXPECT_TRUE(IsFound({.bug = Bug::kSessionLost}, 100));
  EXPECT_TRUE(IsFound({.bug = Bug::kSingleConfig, .spares = 2}, 200));
}

// Of those that take thousands of runs scenario_test.cc shows that they can be.
TEST(RaftTest, SoAreSomeDeeperOnes) {
  EXPECT_TRUE(IsFound({.bug = Bug::kTermNotPersisted}, 500));
  EXPECT_TRUE(IsFound({.bug = Bug::kVoteNotPersisted}, 2000));
  EXPECT_TRUE(
      IsFound({.bug = Bug::kFsyncIgnored, .disk_faults = true}, 500));
  EXPECT_TRUE(IsFound({.bug = Bug::kTornTail, .disk_faults = true}, 2000));
}

}  // namespace
}  // namespace moonpool::raft
