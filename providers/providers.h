// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Providers: everything application code may touch of the outside world. In
// production these are real clocks, sockets and disks; under test they are one
// deterministic, seeded world.
#ifndef MOONPOOL_PROVIDERS_PROVIDERS_H_
#define MOONPOOL_PROVIDERS_PROVIDERS_H_

#include "providers/network.h"
#include "providers/random.h"
#include "providers/storage.h"
#include "providers/tasks.h"
#include "providers/time.h"

namespace moonpool {

class Providers {
 public:
  virtual ~Providers() = default;
  virtual Time& time() = 0;
  virtual Tasks& tasks() = 0;
  virtual Network& network() = 0;
  virtual Random& random() = 0;
  virtual Storage& storage() = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_PROVIDERS_H_
