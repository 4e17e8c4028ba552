// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A replicated log whose replicas crash and are cut off.
//
// bug=lying-disk: a follower confirms what its disk has not synced. One crash
// loses it, those who lack it elect a leader, and it is overwritten.
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/problems/replica.h"
#include "explorer/problems/trouble.h"
#include "sim/runner/builder.h"

namespace moonpool::problems {

REGISTER_CAMPAIGN(log, "A replicated log that crashes") {
  const bool has_bug =
      params.Choice("bug", {"none", "lying-disk"}, "what is wrong") != "none";
  return MakeReplicas(
      {.fault = has_bug ? ReplicaFault::kUnsyncedAck : ReplicaFault::kNone,
       .operations = 12},
      {.network = {.datagram_loss = {1, 50}},
       .crash_pause =
           LatencyRange{absl::Milliseconds(5), absl::Milliseconds(60)},
       .cut_pause =
           LatencyRange{absl::Milliseconds(20), absl::Milliseconds(150)}});
}

}  // namespace moonpool::problems
