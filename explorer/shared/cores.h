// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#ifndef MOONPOOL_EXPLORER_SHARED_CORES_H_
#define MOONPOOL_EXPLORER_SHARED_CORES_H_

namespace moonpool::explorer {

// That this process may run on: at least 1, and fewer than the machine has
// under taskset or in a container that pins it.
int CoreCount();

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SHARED_CORES_H_
