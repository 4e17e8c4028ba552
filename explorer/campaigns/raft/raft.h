// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Campaign raft: a replicated key-value store on a complete Raft, under
// crashes, partitions and membership changes. Correct by default; --param
// bug=NAME plants one of the faults of types.h.
//
// Each run: clients work while chaos lasts; then the network is healed, every
// server is up, and the cluster must answer, agree, and have been linearizable.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_RAFT_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_RAFT_H_

#include "explorer/campaigns/raft/types.h"
#include "sim/runner/builder.h"

namespace moonpool::raft {

struct RaftOptions {
  Bug bug = Bug::kNone;
  int nodes = 3;       // servers that vote in the beginning
  int spares = 0;      // servers more; with them the membership changes
  int clients = 3;
  int operations = 60;  // of each client
  int seconds = 40;     // no operation begins later
  bool pre_vote = false;
  bool partitions = true;
  bool crashes = true;
  // Also faults of connections, clocks and disks, a subset for each seed. Not
  // those that destroy durable data or a whole disk: see README.md.
  bool swarm = false;
  // Torn writes and failed syncs in every run, instead of what swarm draws for
  // the disks.
  bool disk_faults = false;
  // Chaos and changes of the membership are so many times rarer.
  int calm = 1;
  // Log entries that are replaced by a snapshot.
  int snapshot_entries = 25;
};

// REQUIRES: nodes, clients, calm and snapshot_entries >= 1, nodes + spares <= kMaxNodes.
SimulationBuilder MakeRaftSimulation(const RaftOptions& options);

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_RAFT_H_
