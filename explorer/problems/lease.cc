// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Reads from a leader that may have been replaced.
//
// bug=stale-read: a leader answers a read at once, without a majority's word
// that it still leads. Cut off from the others it shows what has been
// overwritten long ago.
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/problems/replica.h"
#include "explorer/problems/trouble.h"
#include "sim/runner/builder.h"

namespace moonpool::problems {

REGISTER_CAMPAIGN(lease, "Reads from a leader without a lease") {
  const bool has_bug =
      params.Choice("bug", {"none", "stale-read"}, "what is wrong") != "none";
  return MakeReplicas(
      {.fault = has_bug ? ReplicaFault::kStaleRead : ReplicaFault::kNone,
       .operations = 26,
       .pause_max = absl::Milliseconds(40),
       .has_reader = true},
      {.cut_pause =
           LatencyRange{absl::Milliseconds(40), absl::Milliseconds(200)},
       .cut = {absl::Milliseconds(100), absl::Milliseconds(300)}});
}

}  // namespace moonpool::problems
