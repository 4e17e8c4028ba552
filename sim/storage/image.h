// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskImage: the whole contents of a disk as a value: to look at, to compare,
// to install into another disk (SimDisk::Restore).
#ifndef MOONPOOL_SIM_STORAGE_IMAGE_H_
#define MOONPOOL_SIM_STORAGE_IMAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "providers/base/hash.h"

namespace moonpool {

struct DiskImage {
  absl::btree_map<std::string, std::string> files;  // path -> contents
  absl::btree_set<std::string> directories;         // without the root

  uint64_t Hash() const {
    uint64_t hash = files.size();
    for (const auto& [path, contents] : files) {
      hash = HashBytes(contents, HashBytes(path, hash));
    }
    for (const std::string& path : directories) hash = HashBytes(path, hash);
    return hash;
  }
  friend bool operator==(const DiskImage&, const DiskImage&) = default;
};

// What SimDisk::EnumerateCrashStates found.
struct CrashStates {
  std::vector<DiskImage> states;  // all different
  bool exhaustive = true;         // false: there are more than the limit
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_IMAGE_H_
