// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A register on three replicas with elected leaders, for the problems log and
// lease: terms, votes, a log whose committed prefix a majority has synced. The
// leader sends its whole log each time, which is short, so that there is
// nothing to agree on but its length. A read is an entry of the log, too.
//
//   return MakeReplicas({.fault = ReplicaFault::kStaleRead}, trouble);
//
// Properties: a committed entry never changes; what the clients see is
// linearizable.
#ifndef MOONPOOL_EXPLORER_PROBLEMS_REPLICA_H_
#define MOONPOOL_EXPLORER_PROBLEMS_REPLICA_H_

#include "absl/time/time.h"
#include "explorer/problems/trouble.h"
#include "sim/runner/builder.h"

namespace moonpool::problems {

enum class ReplicaFault {
  kNone,
  kUnsyncedAck,  // a follower confirms entries that it has not synced
  kStaleRead,    // a leader answers reads though it may have been replaced
};

struct ReplicaOptions {
  ReplicaFault fault = ReplicaFault::kNone;
  int operations = 8;                                 // of each client
  absl::Duration pause_max = absl::Milliseconds(15);  // between two
  bool has_reader = false;  // client 0 only reads, and the other writes
};

SimulationBuilder MakeReplicas(const ReplicaOptions& options,
                               const TroubleOptions& trouble);

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_REPLICA_H_
