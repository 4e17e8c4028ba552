// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/observer.h"

#include <algorithm>
#include <bit>

#include "providers/base/check.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {
namespace {

constexpr char kStateKey[] = "raft";

// Marks count no further.
constexpr uint64_t kMaxElections = 8;
// One by one, so that a search can climb; 17 * 2 * 3 buckets of "raft doubt" are
// fewer than the 128 of a group that searches give a rank.
constexpr uint64_t kMaxLacking = 16;

// A server may lack so many entries that are on their way to it.
constexpr uint64_t kUsualLag = 2;

// Whether each has a majority that needs nobody of the other's. Joint ones are
// made so that it is never the case.
bool HaveMajoritiesApart(const Members& a, const Members& b) {
  if (a.is_joint() || b.is_joint()) return false;
  auto needed = [](uint32_t set, uint32_t other) {
    return std::max(
        0, std::popcount(set) / 2 + 1 - std::popcount(set & ~other));
  };
  return needed(a.voters, b.voters) + needed(b.voters, a.voters) <=
         std::popcount(a.voters & b.voters);
}

// Of the entry with the membership in force; 0: so old that it is compacted.
uint64_t MembersTerm(const Log& log) {
  const uint64_t index = log.members_index();
  return log.Holds(index) ? log.term(index) : 0;
}

}  // namespace

std::shared_ptr<Observer> Observer::Of(StateHandle& state) {
  using Shared = std::shared_ptr<Observer>;
  if (const Shared* observer = state.Get<Shared>(kStateKey)) return *observer;
  auto observer = std::make_shared<Observer>();
  state.Publish<Shared>(kStateKey, observer);
  return observer;
}

void Observer::OnUp(const Core& core) {
  Seat& seat = this->seat(core.id());
  ASSERT_SOMETIMES(core.log().last_index() > 0, "a server recovers its log");
  ASSERT_SOMETIMES(core.log().base_index() > 0,
                   "a server recovers a snapshot");
  MarkReturn(core);
  servers_ = std::max<size_t>(servers_, core.id());
  seat.core = &core;
  seat.commit = core.log().base_index();
  seat.last_index = seat.last_chain = seat.members_index = 0;
  seat.role = Role::kFollower;
  seat.vote = core.vote();
  Observe(core);
}

// What it may have forgotten, seen from outside: its own word on it is no news.
void Observer::MarkReturn(const Core& core) {
  Seat& seat = this->seat(core.id());
  if (seat.has_voted) {
    seat.forgone_term = seat.term;
    seat.forgone_vote = seat.vote;
  }
  if (seat.has_voted && seat.term == vote_term_) {
    ASSERT_SOMETIMES_EACH("a server comes back in the term of its vote",
                          {{"leader", leaders_.contains(seat.term)},
                           {"voted for itself", seat.vote == core.id()}});
  }
  const uint64_t last = core.log().last_index();
  if (seat.last_index > last) {
    const uint64_t known = std::min(seat.last_index, committed());
    ASSERT_SOMETIMES_EACH("a server comes back without its last entries",
                          {{"committed", known > last},
                           {"more than one", seat.last_index > last + 1}});
  }
}

void Observer::OnDown(NodeId id) { seat(id).core = nullptr; }

void Observer::OnDamaged(NodeId id) {
  ASSERT_REACHABLE("a server stays away because its disk is damaged");
  seat(id).damaged = true;
}

void Observer::Observe(const Core& core) {
  Seat& seat = this->seat(core.id());
  const Log& log = core.log();
  const uint64_t last = log.last_index();
  const uint64_t chain = log.chain(last);
  bool has_changed = false;
  if (last != seat.last_index || chain != seat.last_chain) {
    ObserveLog(core);
    ASSERT_SOMETIMES(log.members_index() < seat.members_index,
                     "an uncommitted change of the membership is cut off");
    seat.members_index = log.members_index();
    seat.last_index = last;
    seat.last_chain = chain;
    seat.terms.Follow(log.base_index(), last,
                      [&log](uint64_t i) { return log.term(i); });
    seat.voters = log.members().is_joint() ? 0 : log.members().voters;
    has_changed = true;
  }
  if (core.term() != seat.term || core.vote() != seat.vote) {
    ObserveVote(core);
    seat.term = core.term();
    seat.vote = core.vote();
    seat.has_voted = core.vote() != 0;
    has_changed = true;
  }
  if (core.role() != seat.role) {
    seat.role = core.role();
    if (core.is_leader()) ObserveLeader(core);
    has_changed = true;
  }
  if (core.commit() > seat.commit) {
    ObserveCommit(core);
    seat.commit = core.commit();
    has_changed = true;
  }
  if (has_changed) MarkMilestones();
}

void Observer::ObserveLog(const Core& core) {
  const Log& log = core.log();
  // Backwards to the first that is known: a chain tells of all before it.
  for (uint64_t i = log.last_index(); i > log.base_index(); --i) {
    const uint64_t chain = log.chain(i);
    const auto [known, is_new] = chains_.try_emplace({i, log.term(i)}, chain);
    if (is_new) continue;
    ASSERT_ALWAYS(known->second == chain,
                  "logs with the same term at an index are the same up to it",
                  {"node", int{core.id()}}, {"index", i},
                  {"term", log.term(i)});
    break;
  }
}

void Observer::ObserveCommit(const Core& core) {
  const Log& log = core.log();
  uint64_t i = std::max(seat(core.id()).commit + 1, log.base_index());
  for (i = std::max<uint64_t>(i, 1); i <= core.commit(); ++i) {
    const uint64_t chain = log.chain(i);
    if (i > committed_.size()) {
      // Somebody commits it first, and that is a leader.
      committed_.resize(i - 1);
      committed_.push_back({.chain = chain, .term = core.term()});
      continue;
    }
    ASSERT_ALWAYS(committed_[i - 1].chain == chain,
                  "committed entries never change",
                  {"node", int{core.id()}}, {"index", i},
                  {"term", core.term()});
  }
}

void Observer::ObserveLeader(const Core& core) {
  const NodeId first = leaders_.emplace(core.term(), core.id()).first->second;
  ASSERT_ALWAYS(first == core.id(), "a term has one leader",
                {"term", core.term()}, {"first", int{first}},
                {"second", int{core.id()}});
  // Terms of commits only grow: the last of an earlier term tells of all.
  const Log& log = core.log();
  for (uint64_t i = committed_.size(); i > log.base_index(); --i) {
    if (committed_[i - 1].term >= core.term()) continue;
    const bool has_it =
        log.Holds(i) && log.chain(i) == committed_[i - 1].chain;
    ASSERT_ALWAYS(has_it, "a leader has all that was committed before its term",
                  {"node", int{core.id()}}, {"term", core.term()},
                  {"index", i}, {"last", log.last_index()});
    break;
  }
  ASSERT_SOMETIMES_EACH("raft elections",
                        {{"leaders", std::min(elections(), kMaxElections)}});
}

void Observer::ObserveVote(const Core& core) {
  if (core.vote() == 0 || core.term() < vote_term_) return;
  if (core.term() > vote_term_) votes_.fill(0);
  vote_term_ = core.term();
  votes_[core.vote() - 1] |= uint32_t{1} << (core.id() - 1);
  int candidates = 0;
  uint32_t all = 0;
  for (const uint32_t voters : votes_) {
    candidates += voters != 0;
    all |= voters;
  }
  if (candidates < 2) return;
  int returned = 0;
  for (const Seat& seat : seats_) returned += seat.forgone_term == vote_term_;
  ASSERT_SOMETIMES_EACH("raft contest",
                        {{"candidates", std::min(candidates, 3)},
                         {"voters", std::popcount(all)},
                         {"come back since", std::min(returned, 2)}});
}

void Observer::OnAsked(const Core& core, uint64_t index,
                       const Command& command) {
  Asked& asked = asked_[command.client];
  // An attempt may arrive when another one has been answered.
  if (command.sequence < asked.sequence ||
      (command.sequence == asked.sequence && asked.is_settled)) {
    return;
  }
  asked = {.sequence = command.sequence,
           .index = index,
           .chain = core.log().chain(index),
           .term = core.term(),
           .leader = core.id(),
           .is_again = asked.sequence == command.sequence};
  MarkDoubts();
}

void Observer::OnSettled(uint32_t client, uint64_t sequence) {
  Asked& asked = asked_[client];
  if (sequence < asked.sequence) return;
  asked.sequence = sequence;
  asked.is_settled = true;
}

void Observer::MarkDoubts() {
  for (const auto& [client, asked] : asked_) {
    if (asked.is_settled) continue;
    // If the snapshot has what was asked for again, too, no server applies that
    // after it.
    if (asked.is_again && asked.index <= newest_snapshot_ &&
        committed_[asked.index - 1].chain == asked.chain) {
      continue;
    }
    const auto effect = effects_.find({client, asked.sequence});
    const uint64_t index =
        effect == effects_.end() ? committed() + 1 : effect->second;
    const int behind =
        index <= newest_restored_ ? 3 : HowFarBehind(asked.leader);
    if (behind == 0) continue;
    uint64_t lacking = 0;
    if (index > newest_snapshot_) {
      const uint64_t next = newest_snapshot_ + snapshot_entries_;
      lacking = next > committed() ? next - committed() : 1;
    }
    const Core* leader = seat(asked.leader).core;
    const bool answers = leader != nullptr && leader->is_leader() &&
                         leader->term() == asked.term;
    REPORT_STATE("raft doubt",
                 {{"entries to a snapshot", std::min(lacking, kMaxLacking)},
                  {"must ask again", asked.is_again || !answers},
                  {"behind", behind}});
  }
}

int Observer::HowFarBehind(NodeId leader) const {
  const uint32_t voters = seat(leader).voters;
  int furthest = 0;
  for (size_t i = 0; i < servers_; ++i) {
    const bool is_member = voters == 0 || (voters >> i & 1) != 0;
    if (!is_member || seats_[i].damaged) continue;
    if (seats_[i].last_index + kUsualLag >= committed()) continue;
    const bool is_cut = (links_.cut[i] >> (leader - 1) & 1) != 0;
    furthest = std::max(furthest, is_cut ? 2 : 1);
  }
  return furthest;
}

void Observer::OnApplied(NodeId id, uint64_t index, const Command* command,
                         const KvStore::Result& result, uint64_t digest) {
  CheckDigest(id, index, digest);
  if (command == nullptr) return;
  const std::pair<uint32_t, uint64_t> key = {command->client,
                                             command->sequence};
  if (result.is_duplicate) {
    const auto first = effects_.find(key);
    const bool forgotten =
        first != effects_.end() && first->second <= newest_snapshot_;
    ASSERT_SOMETIMES_EACH("a command is applied again",
                          {{"after a snapshot", forgotten}});
  }
  if (result.is_duplicate || result.is_stale) return;
  const uint64_t first = effects_.try_emplace(key, index).first->second;
  MarkDoubts();
  ASSERT_ALWAYS(first == index, "a command takes effect once",
                {"node", int{id}}, {"client", command->client},
                {"sequence", command->sequence}, {"first", first},
                {"again", index});
}

void Observer::OnRestored(NodeId id, uint64_t index, uint64_t digest) {
  if (index == 0) {
    seat(id).applied = 0;
    return;
  }
  newest_restored_ = std::max(newest_restored_, index);
  ASSERT_SOMETIMES_EACH("a server begins with a snapshot",
                        {{"up", seat(id).core != nullptr}});
  MarkDoubts();
  CheckDigest(id, index, digest);
}

void Observer::CheckDigest(NodeId id, uint64_t index, uint64_t digest) {
  seat(id).applied = index;
  const uint64_t agreed = digests_.try_emplace(index, digest).first->second;
  ASSERT_ALWAYS(agreed == digest, "all servers compute the same",
                {"node", int{id}}, {"index", index});
}

void Observer::OnSnapshot(uint64_t index) {
  CHECK_LE(index, committed()) << "a snapshot of what nobody committed";
  ASSERT_REACHABLE("a snapshot is taken");
  newest_snapshot_ = std::max(newest_snapshot_, index);
  MarkDoubts();
}

bool Observer::HasConverged() const {
  for (const Seat& seat : seats_) {
    if (seat.damaged || seat.core == nullptr) continue;
    if (seat.applied < committed_.size()) return false;
  }
  return true;
}

int Observer::damaged() const {
  int count = 0;
  for (const Seat& seat : seats_) count += seat.damaged;
  return count;
}

void Observer::OnCut(const StateHandle& state, CutLinks& links) {
  const auto* shared = state.Get<std::shared_ptr<Observer>>(kStateKey);
  if (shared == nullptr) return;
  links.is_news = false;
  (*shared)->links_ = links;
  (*shared)->MarkRivals();
  (*shared)->MarkSecondVotes();
  (*shared)->MarkDoubts();
}

const Core* Observer::NewestLeader() const {
  const Core* newest = nullptr;
  for (const Seat& seat : seats_) {
    if (seat.core == nullptr || !seat.core->is_leader()) continue;
    if (newest == nullptr || seat.core->term() > newest->term()) {
      newest = seat.core;
    }
  }
  return newest;
}

void Observer::MarkMilestones() {
  MarkMembers();
  MarkDoubts();
  MarkNewestCommit();
  MarkRivals();
  MarkSecondVotes();
}

void Observer::MarkRivals() {
  std::array<RaftServerView, kMaxNodes> servers;
  for (size_t i = 0; i < servers_; ++i) {
    servers[i].log = &seats_[i].terms;
    servers[i].voters = seats_[i].voters;
    const Core* core = seats_[i].core;
    if (core == nullptr) continue;
    servers[i] = {.log = servers[i].log,
                  .is_up = true,
                  .leads = core->is_leader(),
                  .campaigns = core->role() == Role::kCandidate,
                  .term = core->term(),
                  .commit = core->commit(),
                  .voters = servers[i].voters,
                  .cut = links_.cut[i]};
  }
  const std::optional<Rivalry> rivalry =
      FindRivalry(absl::MakeSpan(servers).first(servers_));
  if (!rivalry) return;
  REPORT_STATE("raft rivals",
               {{"spread", rivalry->spread},
                {"committed", rivalry->is_committed},
                {"later", rivalry->is_later},
                {"apart", rivalry->is_apart},
                {"rival", rivalry->rival}});
}

// Who asks for it and could be elected by it: a candidate of the term, whose log
// is no older than the voter's.
void Observer::MarkSecondVotes() {
  for (const Seat& seat : seats_) {
    const Core* core = seat.core;
    // Its term may be an older one: it may have forgotten that, too.
    if (core == nullptr || seat.forgone_term < core->term()) continue;
    const auto leader = leaders_.find(seat.forgone_term);
    for (const Seat& rival : seats_) {
      const Core* asks = rival.core;
      if (asks == nullptr || asks == core ||
          asks->id() == seat.forgone_vote ||
          asks->term() != seat.forgone_term ||
          asks->role() != Role::kCandidate ||
          rival.terms.newest() < seat.terms.newest()) {
        continue;
      }
      auto is_cut_from = [&](NodeId id) {
        return (links_.cut[asks->id() - 1] >> (id - 1) & 1) != 0;
      };
      REPORT_STATE("raft second vote",
                   {{"in touch", !is_cut_from(core->id())},
                    {"leader", leader == leaders_.end()
                                   ? 0
                                   : 1 + is_cut_from(leader->second)},
                    {"for itself", seat.forgone_vote == core->id()}});
    }
  }
}

// How few stand for what was committed last, when half of those who are up do
// not have it, or more.
void Observer::MarkNewestCommit() {
  const uint64_t index = committed();
  if (index == 0) return;
  int with = 0;
  int without = 0;
  bool campaigns = false;
  for (const Seat& seat : seats_) {
    if (seat.core == nullptr) continue;
    const Log& log = seat.core->log();
    const bool has_it =
        log.base_index() > index ||
        (log.last_index() >= index &&
         log.chain(index) == committed_[index - 1].chain);
    with += has_it;
    without += !has_it;
    campaigns |= !has_it && seat.core->role() == Role::kCandidate;
  }
  if (with > without) return;
  ASSERT_SOMETIMES_EACH("raft newest commit",
                        {{"up with it", std::min(with, 2)},
                         {"up without it", std::min(without, 3)},
                         {"one of these campaigns", campaigns}});
}

// Memberships that are in force on some server and not committed there. Such a
// one and another server's may have majorities without a common member: a
// correct leader sees to it that no more than one of these can decide.
void Observer::MarkMembers() {
  int leaders = 0;
  bool campaigns = false;
  // 1: from another that is not committed; 2: from a later one that is.
  int apart = 0;
  std::vector<Members> pending;
  for (const Seat& seat : seats_) {
    if (seat.core == nullptr) continue;
    const Log& log = seat.core->log();
    if (log.members_index() <= seat.core->commit()) continue;
    leaders += seat.core->is_leader();
    if (std::find(pending.begin(), pending.end(), log.members()) ==
        pending.end()) {
      pending.push_back(log.members());
    }
    for (const Seat& other : seats_) {
      if (other.core == nullptr) continue;
      const Log& rival = other.core->log();
      if (!HaveMajoritiesApart(log.members(), rival.members())) continue;
      const bool is_committed = rival.members_index() <= other.core->commit();
      // Who is merely behind is no rival.
      if (is_committed && MembersTerm(rival) <= MembersTerm(log)) continue;
      apart = std::max(apart, is_committed ? 2 : 1);
      campaigns |= seat.core->role() == Role::kCandidate;
    }
  }
  if (pending.empty()) return;
  ASSERT_SOMETIMES_EACH("raft memberships",
                        {{"pending", std::min<size_t>(pending.size(), 3)},
                         {"leaders", std::min(leaders, 2)},
                         {"apart", apart},
                         {"one of these campaigns", campaigns}});
}

}  // namespace moonpool::raft
