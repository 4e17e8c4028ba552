// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Prints the report of the guide's simulation.
#include <iostream>

#include "sim/core/host.h"
#include "sim/guide/durable_server.h"
#include "sim/guide/simulation.h"
#include "sim/runner/report.h"

namespace {

using moonpool::SimulationReport;
using moonpool::guide::KvSimulationWithCrashes;
using moonpool::guide::SyncedKvServer;

}  // namespace

// [guide:report]
int main(int, char** argv) {
  moonpool::FixAddresses(argv);
  const SimulationReport report = KvSimulationWithCrashes<SyncedKvServer>()
                                      .UntilAllSometimesReached(1000)
                                      .Run();
  std::cout << report.ToString();
  return report.Check().ok() ? 0 : 1;
}
// [/guide:report]
