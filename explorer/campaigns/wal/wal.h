// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The wal campaign: a checksummed, mirrored, log-structured store on a disk
// that loses power every few dozen milliseconds, and one client that checks it.
// Correct as it is, no search may find anything; with one of the bugs of
// options.h planted, a search must.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WAL_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WAL_H_

#include "explorer/campaigns/wal/faults.h"
#include "explorer/campaigns/wal/options.h"
#include "sim/runner/builder.h"

namespace moonpool::wal {

struct CampaignOptions {
  Options store;
  int bursts = 30;     // of the client, each of 1 to 5 changes
  bool errors = true;  // EIO, failed syncs, short transfers, no space
  Damage damage = Damage::kOneCopy;
};

// REQUIRES: bursts >= 0.
SimulationBuilder MakeSimulation(const CampaignOptions& options);

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WAL_H_
