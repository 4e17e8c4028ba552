// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: each of the deep bugs can violate a property at all, and a correct Raft
// that lives through the same does not. Method: cores and a wire moved by hand,
// message by message; what is "written" is a journal's bytes, and the observer
// judges.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/campaigns/raft/core.h"
#include "explorer/campaigns/raft/journal.h"
#include "explorer/campaigns/raft/log.h"
#include "explorer/campaigns/raft/observer.h"
#include "explorer/campaigns/testing_marks.h"
#include "gtest/gtest.h"
#include "providers/random.h"
#include "sim/assertions/table.h"

namespace moonpool::raft {
namespace {

class FixedRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 0;
};

class Cluster {
 public:
  Cluster(int nodes, Bug bug) : nodes_(nodes), bug_(bug), seats_(nodes) {
    AssertionTable::Get().BeginWorld();
    for (int i = 0; i < nodes; ++i) Boot(static_cast<NodeId>(i + 1));
  }
  ~Cluster() {
    for (int i = 0; i < nodes_; ++i) {
      observer_.OnDown(static_cast<NodeId>(i + 1));
    }
  }

  Core& core(NodeId id) { return *seats_[id - 1].core; }

  // The election time-out of a server, again and again until it reaches the
  // term. REQUIRES: it does not lead.
  void Campaign(NodeId id, uint64_t term) {
    ASSERT_FALSE(core(id).is_leader());
    while (core(id).term() < term) {
      core(id).Tick(core(id).next_tick());
      if (core(id).term() < term) Lose();
    }
    Settle(id);
  }
  // What is on its way from one to the other arrives.
  void Pass(NodeId from, NodeId to) {
    std::deque<Message> wire = std::exchange(wire_, {});
    for (Message& message : wire) {
      if (message.from == from && message.to == to) {
        core(to).Step(message);
        Settle(to);
      } else {
        wire_.push_back(std::move(message));
      }
    }
  }
  // There and back.
  void Exchange(NodeId from, NodeId to) {
    Pass(from, to);
    Pass(to, from);
  }
  void Lose() { wire_.clear(); }

  void Propose(NodeId id, const std::string& command) {
    ASSERT_TRUE(core(id).Propose(command).has_value());
    Settle(id);
  }
  bool ChangeMembers(NodeId id, uint32_t voters) {
    const bool begun = core(id).ChangeMembers(voters);
    Settle(id);
    return begun;
  }

  // Writes, syncs and sends what the core wants to.
  void Settle(NodeId id) {
    observer_.Observe(core(id));
    while (core(id).has_ready()) {
      const Ready ready = TakeReady(id);
      core(id).OnPersisted();
      Send(ready.replies);
      observer_.Observe(core(id));
    }
  }
  // A power cut before the sync: a leader's messages are out already, and of
  // what was written the last bytes are zeros.
  void CrashInTheSync(NodeId id, size_t lost_bytes) {
    (void)TakeReady(id);
    std::string& disk = seats_[id - 1].disk;
    disk.replace(disk.size() - lost_bytes, lost_bytes, lost_bytes, '\0');
    Crash(id);
  }
  void Crash(NodeId id) {
    observer_.OnDown(id);
    Boot(id);
  }

  // The first violation; "" if there is none.
  static std::string Violation() {
    const auto& violations = AssertionTable::Get().violations();
    return violations.empty() ? "" : violations[0].message;
  }

 private:
  struct Seat {
    std::string disk;
    std::optional<Core> core;
  };

  Ready TakeReady(NodeId id) {
    observer_.Observe(core(id));
    Ready ready = core(id).TakeReady();
    Send(ready.messages);
    std::string& disk = seats_[id - 1].disk;
    std::string bytes;
    Journal::EncodeReady(ready, disk.size(), disk.size(), bytes);
    disk += bytes;
    return ready;
  }
  void Send(const std::vector<Message>& messages) {
    wire_.insert(wire_.end(), messages.begin(), messages.end());
  }
  void Boot(NodeId id) {
    Seat& seat = seats_[id - 1];
    const absl::StatusOr<JournalContents> contents =
        Journal::Decode(seat.disk, bug_);
    ASSERT_TRUE(contents.ok()) << contents.status();
    auto first = std::make_shared<Snapshot>();
    first->members.voters = (uint32_t{1} << nodes_) - 1;
    Log log(std::move(first));
    for (const Entry& entry : contents->entries) log.Append(entry);
    seat.core.emplace(CoreOptions{.id = id, .nodes = nodes_, .bug = bug_},
                      contents->hard_state, std::move(log), &random_,
                      absl::ZeroDuration());
    observer_.OnUp(*seat.core);
  }

  const int nodes_;
  const Bug bug_;
  FixedRandom random_;
  Observer observer_;
  std::vector<Seat> seats_;
  std::deque<Message> wire_;
};

// A voter comes back within the term, and is asked by another candidate.
std::string TwoCandidatesAndARestart(Bug bug) {
  Cluster cluster(3, bug);
  cluster.Campaign(1, 1);
  cluster.Exchange(1, 3);
  EXPECT_TRUE(cluster.core(1).is_leader());
  cluster.Lose();
  cluster.Crash(3);
  cluster.Campaign(2, 1);
  cluster.Exchange(2, 3);
  return Cluster::Violation();
}

// Only who could be elected by it is a danger: whose log is not behind, and who
// has not had that vote already.
TEST(ScenarioTest, ASecondVoteIsSoughtByWhoeverCouldWinByIt) {
  for (const bool is_behind : {false, true}) {
    Cluster cluster(3, Bug::kNone);
    MarkCollector marks;
    cluster.Campaign(1, 1);
    cluster.Exchange(1, 3);
    if (is_behind) cluster.Exchange(1, 3);  // the leader's first entry
    cluster.Lose();
    cluster.Crash(3);
    EXPECT_EQ(marks.Count("raft second vote", ""), 0);
    cluster.Campaign(2, 1);
    EXPECT_EQ(marks.Count("raft second vote in touch=1 leader=1", "itself=0"),
              is_behind ? 0 : 1);
    EXPECT_EQ(marks.Count("raft second vote", ""), is_behind ? 0 : 1);
  }
}

TEST(ScenarioTest, AForgottenVoteIsGivenTwice) {
  EXPECT_EQ(TwoCandidatesAndARestart(Bug::kNone), "");
  EXPECT_EQ(TwoCandidatesAndARestart(Bug::kVoteNotPersisted),
            "a term has one leader");
  EXPECT_EQ(TwoCandidatesAndARestart(Bug::kTermNotPersisted),
            "a term has one leader");
}

// Figure 8 of the Raft paper, with three servers.
std::string FigureEight(Bug bug) {
  Cluster cluster(3, bug);
  cluster.Campaign(1, 1);
  cluster.Exchange(1, 3);
  cluster.Exchange(1, 3);
  cluster.Exchange(1, 2);
  cluster.Lose();
  cluster.Propose(1, "old");  // nobody else has it
  cluster.Lose();
  cluster.Campaign(2, 2);  // leads, but its first entry reaches nobody
  cluster.Exchange(2, 3);
  EXPECT_TRUE(cluster.core(2).is_leader());
  cluster.Lose();
  cluster.Crash(1);
  cluster.Campaign(1, 3);
  cluster.Exchange(1, 3);
  EXPECT_TRUE(cluster.core(1).is_leader());
  cluster.Exchange(1, 3);  // no: the log is shorter
  cluster.Exchange(1, 3);  // the old entry is on two of three
  EXPECT_EQ(cluster.core(1).match(3), 2u);
  cluster.Lose();
  cluster.Crash(2);
  cluster.Campaign(2, 4);  // its last entry is of a later term than that
  cluster.Exchange(2, 3);
  EXPECT_TRUE(cluster.core(2).is_leader());
  return Cluster::Violation();
}

TEST(ScenarioTest, AnOldEntryIsCommittedByCountingAndLost) {
  EXPECT_EQ(FigureEight(Bug::kNone), "");
  EXPECT_EQ(FigureEight(Bug::kCommitOldTerm),
            "a leader has all that was committed before its term");
}

// D. Ongaro, "bug in single-server membership changes", 2015: of four voters,
// one leader removes 4, and the next removes 1 before a commit of its own.
std::string TwoChangesOfOneServer(Bug bug) {
  Cluster cluster(4, bug);
  cluster.Campaign(1, 1);
  for (const NodeId id : {2, 3, 4}) cluster.Exchange(1, id);
  for (const NodeId id : {2, 3, 4}) cluster.Exchange(1, id);
  EXPECT_EQ(cluster.core(1).commit(), 1u);
  EXPECT_TRUE(cluster.ChangeMembers(1, 0b0111));
  cluster.Lose();
  cluster.Campaign(3, 2);
  cluster.Exchange(3, 2);
  cluster.Exchange(3, 4);
  EXPECT_TRUE(cluster.core(3).is_leader());
  EXPECT_EQ(cluster.ChangeMembers(3, 0b1110), bug == Bug::kEarlyChange);
  for (int i = 0; i < 4; ++i) cluster.Exchange(3, 4);
  cluster.Lose();
  cluster.Crash(1);
  cluster.Campaign(1, 3);
  cluster.Exchange(1, 2);
  EXPECT_TRUE(cluster.core(1).is_leader());
  return Cluster::Violation();
}

TEST(ScenarioTest, TwoChangesOfOneServerHaveMajoritiesApart) {
  EXPECT_EQ(TwoChangesOfOneServer(Bug::kNone), "");
  EXPECT_EQ(TwoChangesOfOneServer(Bug::kEarlyChange),
            "a leader has all that was committed before its term");
}

// A leader loses its power while it syncs what the others have already.
std::string ATornRecord(Bug bug, size_t lost_bytes) {
  Cluster cluster(3, bug);
  cluster.Campaign(1, 1);
  cluster.Exchange(1, 2);
  cluster.Exchange(1, 2);
  EXPECT_EQ(cluster.core(1).commit(), 1u);
  EXPECT_TRUE(cluster.core(1).Propose("a command of some length").has_value());
  cluster.CrashInTheSync(1, lost_bytes);
  return Cluster::Violation();
}

TEST(ScenarioTest, ATornRecordIsAnEntryThatNobodyWrote) {
  // From the last byte up to the whole command.
  for (const size_t lost_bytes : {1, 10, 24}) {
    EXPECT_EQ(ATornRecord(Bug::kNone, lost_bytes), "") << lost_bytes;
    EXPECT_EQ(ATornRecord(Bug::kTornTail, lost_bytes),
              "logs with the same term at an index are the same up to it")
        << lost_bytes;
  }
}

}  // namespace
}  // namespace moonpool::raft
