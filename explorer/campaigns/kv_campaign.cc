// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaign.h"
#include "explorer/campaigns/kv.h"

namespace moonpool {

REGISTER_CAMPAIGN(kv, "Key-value servers behind a model-checking client") {
  KvOptions options;
  options.durable =
      params.Bool("durable", false, "servers sync before they acknowledge");
  options.servers =
      static_cast<int>(params.Int("servers", 3, "how many servers", {1, 250}));
  options.operations = static_cast<int>(params.Int(
      "operations", 100, "what the client does before it stops", {0, 1000000}));
  return MakeKvSimulation(options);
}

}  // namespace moonpool
