// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/cut_links.h"

#include <cstddef>
#include <string>
#include <vector>

#include "sim/network/sim_network.h"

namespace moonpool {

void CutLinks::Look(FaultContext& ctx) {
  const std::vector<std::string>& ips = ctx.process_ips();
  ++changes;
  is_news = true;
  cut.fill(0);
  for (size_t i = 0; i < ips.size(); ++i) {
    for (size_t j = 0; j < ips.size(); ++j) {
      if (!ctx.network().IsPartitioned(ips[i], ips[j])) continue;
      cut[i] |= uint32_t{1} << j;
      cut[j] |= uint32_t{1} << i;
    }
  }
}

}  // namespace moonpool
