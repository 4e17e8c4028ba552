// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Which links between servers are cut, for observers: an injector says when
// that may have changed. Kept outside the world, hence without memory of its
// own; the injector makes it new when it is made itself, once a world.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CUT_LINKS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CUT_LINKS_H_

#include <array>
#include <cstdint>

#include "sim/runner/fault_injector.h"

namespace moonpool {

struct CutLinks {
  static constexpr int kMaxServers = 16;
  bool chaos = false;    // whether faults are being injected at all
  uint64_t changes = 0;  // so far in this world
  bool is_news = false;  // since an observer has set it back
  // Of each process those whom it cannot talk to, in one direction or both, as
  // bits.
  std::array<uint32_t, kMaxServers> cut = {};

  // Asks the network. REQUIRES: at most kMaxServers processes, all servers.
  void Look(FaultContext& ctx);
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CUT_LINKS_H_
