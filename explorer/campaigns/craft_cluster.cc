// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_cluster.h"

#include <algorithm>

#include "explorer/campaigns/craft_server.h"
#include "providers/base/check.h"
#include "sim/assertions/assertions.h"

namespace moonpool::craft {
namespace {

constexpr char kStateKey[] = "craft";

}  // namespace

std::shared_ptr<CraftCluster> CraftCluster::Of(StateHandle& state) {
  using Shared = std::shared_ptr<CraftCluster>;
  if (const Shared* cluster = state.Get<Shared>(kStateKey)) return *cluster;
  auto cluster = std::make_shared<CraftCluster>();
  state.Publish<Shared>(kStateKey, cluster);
  return cluster;
}

CraftCluster* CraftCluster::Find(const StateHandle& state) {
  const auto* cluster = state.Get<std::shared_ptr<CraftCluster>>(kStateKey);
  return cluster == nullptr ? nullptr : cluster->get();
}

CraftRegister* CraftCluster::MetadataOf(raft_id id) {
  CHECK_GT(id, raft_id{0});
  while (seats_.size() < id) seats_.push_back(std::make_unique<Seat>());
  return &seats_[id - 1]->metadata;
}

void CraftCluster::SetServer(raft_id id, CraftServer* server) {
  CHECK_LE(id, seats_.size());
  seats_[id - 1]->server = server;
}

void CraftCluster::SubmitCommand() {
  for (const auto& seat : seats_) {
    if (seat->server == nullptr) continue;
    if (seat->server->state() != RAFT_LEADER) continue;
    seat->server->Submit(++last_command_);
  }
}

void CraftCluster::OnAcknowledged(uint64_t command) {
  acknowledged_.insert(command);
}

void CraftCluster::OnApplied(CraftServer& server, uint64_t command) {
  const size_t position = server.applied().size();
  if (position == agreed_.size()) {
    agreed_.push_back(command);
    return;
  }
  const uint64_t agreed = agreed_[position];
  const bool same = command == agreed;
  // The worse news first: a timeline is known by its first violation.
  ASSERT_ALWAYS(same || !acknowledged_.contains(agreed),
                "an acknowledged command is never replaced",
                {"node", server.id()}, {"position", position}, {"got", command},
                {"acknowledged", agreed});
  ASSERT_ALWAYS(same, "all nodes apply the same commands in the same order",
                {"node", server.id()}, {"position", position}, {"got", command},
                {"others", agreed});
  if (!same) server.Halt();  // everything after it would disagree too
}

void CraftCluster::OnLeader(raft_id id, raft_term term) {
  const raft_id first = leader_of_term_.emplace(term, id).first->second;
  ASSERT_ALWAYS(first == id, "no two nodes lead in one term", {"term", term},
                {"first", first}, {"second", id});
}

void CraftCluster::CheckServers(bool strict) {
  for (const auto& seat : seats_) {
    CraftServer* server = seat->server;
    if (server == nullptr) continue;
    const int state = server->state();
    if (state == RAFT_LEADER) OnLeader(server->id(), server->term());
    if (state != RAFT_UNAVAILABLE || server->io().is_halted()) continue;
    // The library noticed that its log contradicts what it has committed, and
    // gave up. What was lost shows when the others apply something else.
    ASSERT_REACHABLE("a server shuts itself down");
    ASSERT_ALWAYS_OR_UNREACHABLE(
        !strict, "a server never shuts itself down", {"node", server->id()},
        {"term", server->term()}, {"committed", server->committed()});
    server->Halt();
  }
}

void CraftCluster::MarkRivals(const CutLinks& cut) {
  // A sum is enough to notice: all its parts only ever grow in one world.
  uint64_t changes = cut.changes + leader_of_term_.size();
  for (const auto& seat : seats_) {
    const CraftServer* server = seat->server;
    if (server == nullptr) continue;
    changes +=
        server->io().log_changes() + server->term() + server->committed();
  }
  if (changes == marked_changes_) return;
  marked_changes_ = changes;
  std::vector<RaftServerView> servers;
  for (const auto& seat : seats_) {
    RaftServerView& view = servers.emplace_back();
    view.log = &seat->terms;
    view.voters = (uint32_t{1} << seats_.size()) - 1;
    const CraftServer* server = seat->server;
    if (server == nullptr) continue;
    const CraftLog& log = server->io().log();
    // If there is no entry, the snapshot tells how new the log is.
    const raft_term base_term = log.snapshot() ? log.snapshot()->term : 0;
    seat->terms.Follow(log.first_index() - 1, log.end_index() - 1,
                       [&log, base_term](raft_index i) {
                         return i < log.first_index() ? base_term : log.term(i);
                       });
    view.is_up = !server->io().is_halted();
    view.leads = server->state() == RAFT_LEADER;
    view.campaigns = server->state() == RAFT_CANDIDATE;
    view.term = server->term();
    view.commit = server->committed();
    view.cut = cut.cut[server->id() - 1];
  }
  const std::optional<Rivalry> rivalry =
      FindRivalry(servers);
  if (!rivalry) return;
  REPORT_STATE("craft rivals", {{"spread", rivalry->spread},
                                {"committed", rivalry->is_committed},
                                {"later", rivalry->is_later},
                                {"apart", rivalry->is_apart},
                                {"rival", rivalry->rival}});
}

void CraftCluster::CheckConvergence() const {
  for (const auto& seat : seats_) {
    const CraftServer* server = seat->server;
    // What halted it has been reported; what follows from that is no news.
    if (server != nullptr && server->io().is_halted()) continue;
    const size_t applied = server == nullptr ? 0 : server->applied().size();
    ASSERT_ALWAYS(applied == agreed_.size(),
                  "all nodes converge when the network is healthy",
                  {"node", server == nullptr ? 0 : server->id()},
                  {"applied", applied}, {"agreed", agreed_.size()});
  }
  const absl::btree_set<uint64_t> applied(agreed_.begin(), agreed_.end());
  for (uint64_t command : acknowledged_) {
    ASSERT_ALWAYS(applied.contains(command),
                  "an acknowledged command is applied everywhere",
                  {"command", command});
  }
}

int CraftCluster::snapshots() const {
  int count = 0;
  for (const auto& seat : seats_) {
    if (seat->server == nullptr) continue;
    count += seat->server->io().log().snapshot().has_value();
  }
  return count;
}

}  // namespace moonpool::craft
