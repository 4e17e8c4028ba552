// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/workload.h"

namespace moonpool {

Task<absl::Status> Workload::Setup(SimContext&) { co_return absl::OkStatus(); }
Task<absl::Status> Workload::Check(SimContext&) { co_return absl::OkStatus(); }

}  // namespace moonpool
