// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the rules of Raft that are easily got wrong, one by one. Method: a core
// fed by hand; its disk is the call of OnPersisted.
#include "explorer/campaigns/raft/core.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "explorer/campaigns/raft/log.h"
#include "gtest/gtest.h"
#include "providers/random.h"

namespace moonpool::raft {
namespace {

class FixedRandom final : public Random {
 public:
  uint64_t Next() override { return next_ += 0x9E3779B97F4A7C15u; }

 private:
  uint64_t next_ = 0;
};

// Server 1 of three, with entries of these terms in its log.
class CoreTest : public testing::Test {
 protected:
  void Make(uint64_t term, std::vector<uint64_t> terms, Bug bug = Bug::kNone) {
    auto first = std::make_shared<Snapshot>();
    first->members.voters = 7;
    Log log(std::move(first));
    for (const uint64_t entry_term : terms) log.Append({.term = entry_term});
    core_.emplace(CoreOptions{.id = 1, .nodes = 3, .bug = bug},
                  HardState{.term = term}, std::move(log), &random_,
                  absl::ZeroDuration());
  }
  // Everything that is sent, in order.
  std::vector<Message> Flush() {
    std::vector<Message> sent;
    while (core_->has_ready()) {
      Ready ready = core_->TakeReady();
      for (auto* messages : {&ready.messages, &ready.replies}) {
        for (Message& message : *messages) sent.push_back(std::move(message));
      }
      core_->OnPersisted();
    }
    return sent;
  }
  void Elect() {
    core_->Tick(core_->next_tick());
    Flush();
    core_->Step({.kind = MessageKind::kVoteReply,
                 .from = 2,
                 .to = 1,
                 .term = core_->term(),
                 .accepted = true});
    ASSERT_TRUE(core_->is_leader());
    Flush();
  }
  void Acknowledge(NodeId from, uint64_t index, uint64_t round = 0) {
    core_->Step({.kind = MessageKind::kAppendReply,
                 .from = from,
                 .to = 1,
                 .term = core_->term(),
                 .accepted = true,
                 .index = index,
                 .round = round});
  }
  std::optional<Message> AnswerTo(Message message) {
    message.to = 1;
    core_->Step(message);
    std::vector<Message> sent = Flush();
    if (sent.empty()) return std::nullopt;
    return sent.back();
  }

  FixedRandom random_;
  std::optional<Core> core_;
};

TEST_F(CoreTest, AVoteIsWrittenBeforeItIsGiven) {
  Make(1, {1});
  core_->Step({.kind = MessageKind::kVote,
               .from = 2,
               .to = 1,
               .term = 2,
               .index = 1,
               .log_term = 1});
  const Ready ready = core_->TakeReady();
  EXPECT_TRUE(ready.messages.empty());
  ASSERT_EQ(ready.replies.size(), 1u);
  EXPECT_TRUE(ready.replies[0].accepted);
  EXPECT_EQ(ready.hard_state, (HardState{.term = 2, .vote = 2}));
}

TEST_F(CoreTest, OneVoteATermAndNoneForAShorterLog) {
  Make(3, {1, 2});
  const Message vote = {.kind = MessageKind::kVote,
                        .from = 2,
                        .term = 3,
                        .index = 2,
                        .log_term = 2};
  Message shorter = vote;
  shorter.index = 1;
  Message older = vote;
  older.index = 9;
  older.log_term = 1;
  EXPECT_FALSE(AnswerTo(shorter)->accepted);
  EXPECT_FALSE(AnswerTo(older)->accepted);
  EXPECT_TRUE(AnswerTo(vote)->accepted);
  EXPECT_TRUE(AnswerTo(vote)->accepted);  // asked again
  Message rival = vote;
  rival.from = 3;
  EXPECT_FALSE(AnswerTo(rival)->accepted);
}

TEST_F(CoreTest, EntriesOfOlderTermsAreNotCommittedByCounting) {
  Make(2, {1, 2});
  Elect();  // term 3; its no-op is entry 3
  Acknowledge(2, 2);
  EXPECT_EQ(core_->commit(), 0u);
  Acknowledge(2, 3);
  EXPECT_EQ(core_->commit(), 3u);

  Make(2, {1, 2}, Bug::kCommitOldTerm);
  Elect();
  Acknowledge(2, 2);
  EXPECT_EQ(core_->commit(), 2u);
}

TEST_F(CoreTest, ALateAppendCutsOffNothing) {
  for (const Bug bug : {Bug::kNone, Bug::kTruncateAlways}) {
    Make(1, {1, 1, 1}, bug);
    Message late = {
        .kind = MessageKind::kAppend, .from = 2, .term = 1, .index = 0};
    late.entries = {{.term = 1}};
    const std::optional<Message> reply = AnswerTo(late);
    EXPECT_TRUE(reply->accepted);
    EXPECT_EQ(reply->index, 1u);  // what it has shown, not what there is
    EXPECT_EQ(core_->log().last_index(), bug == Bug::kNone ? 3u : 1u);
  }
}

TEST_F(CoreTest, ConflictingEntriesAreReplaced) {
  Make(3, {1, 2, 2});
  Message append = {.kind = MessageKind::kAppend,
                    .from = 2,
                    .term = 3,
                    .index = 1,
                    .log_term = 1,
                    .commit = 9};
  append.entries = {{.term = 3}};
  EXPECT_TRUE(AnswerTo(append)->accepted);
  EXPECT_EQ(core_->log().last_index(), 2u);
  EXPECT_EQ(core_->log().last_term(), 3u);
  EXPECT_EQ(core_->commit(), 2u);  // no further than it was shown
  append.index = 7;
  append.log_term = 3;
  EXPECT_FALSE(AnswerTo(append)->accepted);
}

TEST_F(CoreTest, AReadWaitsForAQuorumOfItsOwnRound) {
  Make(0, {});
  Elect();
  Acknowledge(2, 1);
  Flush();
  ASSERT_TRUE(core_->Read(5));
  EXPECT_TRUE(core_->TakeReads().empty());
  uint64_t round = 0;
  for (const Message& message : Flush()) round = message.round;
  EXPECT_GT(round, 0u);
  Acknowledge(2, 1, round - 1);
  EXPECT_TRUE(core_->TakeReads().empty());
  Acknowledge(2, 1, round);
  const std::vector<ReadyRead> reads = core_->TakeReads();
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(reads[0].token, 5u);
  EXPECT_EQ(reads[0].index, 1u);
}

TEST_F(CoreTest, ALateSnapshotIsIgnored) {
  for (const Bug bug : {Bug::kNone, Bug::kSnapshotOverTail}) {
    Make(1, {1, 1, 1}, bug);
    Message append = {.kind = MessageKind::kAppend,
                      .from = 2,
                      .term = 1,
                      .index = 3,
                      .log_term = 1,
                      .commit = 2};
    AnswerTo(append);
    Message late = {.kind = MessageKind::kSnapshot, .from = 2, .term = 1};
    late.snapshot = std::make_shared<Snapshot>(
        Snapshot{.index = 1, .term = 1, .members = {.voters = 7}});
    AnswerTo(late);
    EXPECT_EQ(core_->log().last_index(), bug == Bug::kNone ? 3u : 1u);
  }
}

TEST_F(CoreTest, WhoIsVotedOutMayLeadUntilThatIsCommitted) {
  // Without that no leader is ever found if the old leader, behind by an entry,
  // and servers that do not have it need each other's votes.
  auto first = std::make_shared<Snapshot>();
  first->members.voters = 7;
  Log log(std::move(first));
  log.Append({.term = 1,
              .kind = EntryKind::kMembers,
              .data = EncodeMembers({.voters = 6})});
  core_.emplace(CoreOptions{.id = 1, .nodes = 3}, HardState{.term = 1},
                std::move(log), &random_, absl::ZeroDuration());
  core_->Tick(core_->next_tick());
  EXPECT_EQ(core_->role(), Role::kCandidate);
  EXPECT_EQ(Flush().size(), 2u);  // its own vote counts for nothing

  core_->Step({.kind = MessageKind::kAppend,
               .from = 2,
               .to = 1,
               .term = core_->term(),
               .index = 1,
               .log_term = 1,
               .commit = 1});
  ASSERT_EQ(core_->commit(), 1u);
  core_->Tick(core_->next_tick());
  EXPECT_EQ(core_->role(), Role::kFollower);
}

TEST_F(CoreTest, MembershipChangesWaitForACommitOfTheTerm) {
  Make(0, {});
  Elect();
  EXPECT_FALSE(core_->ChangeMembers(3));
  Acknowledge(2, 1);
  EXPECT_TRUE(core_->ChangeMembers(3));
  EXPECT_FALSE(core_->log().members().is_joint());  // one server: directly
  EXPECT_FALSE(core_->ChangeMembers(1));            // one change at a time

  Make(0, {});
  Elect();
  Acknowledge(2, 1);
  EXPECT_TRUE(core_->ChangeMembers(1));
  EXPECT_TRUE(core_->log().members().is_joint());
  EXPECT_FALSE(core_->log().members().IsQuorum(1));  // needs the old ones, too
  EXPECT_TRUE(core_->log().members().IsQuorum(3));
}

}  // namespace
}  // namespace moonpool::raft
