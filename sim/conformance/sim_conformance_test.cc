// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The contract of the providers, kept by the simulated ones: with the ready
// tasks in order of their wake-ups, and in some random orders.
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
    {"Seed3", [] { return MakeSimWorld({.seed = 3}); }},
};

INSTANTIATE_TEST_SUITE_P(Sim, TimeConformance, ::testing::ValuesIn(kWorlds),
                         WorldName);
INSTANTIATE_TEST_SUITE_P(Sim, TasksConformance, ::testing::ValuesIn(kWorlds),
                         WorldName);
INSTANTIATE_TEST_SUITE_P(Sim, RandomConformance, ::testing::ValuesIn(kWorlds),
                         WorldName);
INSTANTIATE_TEST_SUITE_P(Sim, NetworkConformance, ::testing::ValuesIn(kWorlds),
                         WorldName);
INSTANTIATE_TEST_SUITE_P(Sim, StorageConformance, ::testing::ValuesIn(kWorlds),
                         WorldName);

}  // namespace
}  // namespace moonpool
