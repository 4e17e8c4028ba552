// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The key-value campaign: independent servers that are rebooted at random, and
// one client that checks what it reads. In memory (the default) the servers
// lose what they acknowledged: a bug that takes a set, a reboot and a get of
// the same key. Durable, they keep it and no search may find anything.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_KV_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_KV_H_

#include "sim/runner/builder.h"

namespace moonpool {

struct KvOptions {
  bool durable = false;  // sync before acknowledging
  int servers = 3;
  int operations = 100;  // of the client
};

// REQUIRES: 1 <= servers <= 250; operations >= 0.
SimulationBuilder MakeKvSimulation(const KvOptions& options);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_KV_H_
