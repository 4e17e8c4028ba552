// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a program must not do that is to be explored.
#include <unistd.h>

#include <thread>

namespace {
const bool started = [] {
  std::thread([] { pause(); }).detach();
  return true;
}();
}  // namespace
