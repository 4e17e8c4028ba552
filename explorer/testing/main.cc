// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// GoogleTest's main for programs with simulations.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/host.h"

int main(int argc, char** argv) {
  moonpool::FixAddresses(argv);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
