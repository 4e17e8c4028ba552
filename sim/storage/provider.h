// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The Storage provider of a SimDisk.
#ifndef MOONPOOL_SIM_STORAGE_PROVIDER_H_
#define MOONPOOL_SIM_STORAGE_PROVIDER_H_

#include <memory>

#include "providers/storage.h"
#include "sim/storage/core.h"

namespace moonpool {

std::unique_ptr<Storage> MakeSimStorage(std::shared_ptr<Mount> mount);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_PROVIDER_H_
