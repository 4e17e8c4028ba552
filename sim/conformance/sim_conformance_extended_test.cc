// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The contract of the newer parts of the network and the storage, kept by the
// simulated ones.
#include "gtest/gtest.h"
#include "providers/conformance/conformance.h"
#include "sim/conformance/sim_world.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

const WorldFactory kWorlds[] = {
    {"Fifo",
     [] {
       return MakeSimWorld({.seed = 1, .ready_order = ReadyOrder::kFifo});
     }},
    {"Seed1", [] { return MakeSimWorld({.seed = 1}); }},
    {"Seed2", [] { return MakeSimWorld({.seed = 2}); }},
};

INSTANTIATE_TEST_SUITE_P(Sim, NetworkExtendedConformance,
                         ::testing::ValuesIn(kWorlds), WorldName);
INSTANTIATE_TEST_SUITE_P(Sim, StorageExtendedConformance,
                         ::testing::ValuesIn(kWorlds), WorldName);

}  // namespace
}  // namespace moonpool
