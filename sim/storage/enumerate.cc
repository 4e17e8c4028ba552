// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "sim/storage/core.h"
#include "sim/storage/image.h"
#include "sim/storage/inode.h"
#include "sim/storage/sim_disk.h"
#include "sim/storage/tree.h"

namespace moonpool {
namespace {

class Enumeration {
 public:
  Enumeration(DiskTree* tree, const CrashLaw& law, size_t limit)
      : tree_(tree), law_(law), limit_(limit) {}

  CrashStates Run() {
    size_t tries = 1024 + 16 * limit_;
    const bool all =
        tree_->ForEachCrash(law_, [&](const std::vector<bool>& kept) {
          if (tries-- == 0) return false;
          return WithNames(kept);
        });
    if (!all) found_.exhaustive = false;
    return std::move(found_);
  }

 private:
  struct Place {
    std::string path;
    const std::vector<std::string>* contents;
  };

  bool WithNames(const std::vector<bool>& kept) {
    DiskImage image;
    std::vector<Place> places;
    tree_->With(kept, [&] {
      tree_->ForEach(
          [&](const std::string& path, const std::shared_ptr<Inode>& inode) {
            places.push_back({path, &ContentsOf(*inode)});
          },
          [&](const std::string& path) { image.directories.insert(path); });
    });
    return Fill(places, 0, image);
  }

  const std::vector<std::string>& ContentsOf(const Inode& inode) {
    auto [it, is_new] = contents_.try_emplace(inode.id());
    if (is_new) {
      it->second = std::make_unique<std::vector<std::string>>();
      if (!inode.CrashContents(law_, limit_, it->second.get())) {
        found_.exhaustive = false;
      }
    }
    return *it->second;
  }

  bool Fill(const std::vector<Place>& places, size_t index, DiskImage& image) {
    if (index == places.size()) return Take(image);
    for (const std::string& contents : *places[index].contents) {
      image.files[places[index].path] = contents;
      if (!Fill(places, index + 1, image)) return false;
    }
    return true;
  }

  bool Take(const DiskImage& image) {
    const uint64_t hash = image.Hash();
    if (seen_.contains(hash)) return true;
    if (found_.states.size() == limit_) return false;
    seen_.insert(hash);
    found_.states.push_back(image);
    return true;
  }

  DiskTree* const tree_;
  const CrashLaw& law_;
  const size_t limit_;
  // By inode, as the same file may stand under several names.
  absl::btree_map<uint64_t, std::unique_ptr<std::vector<std::string>>>
      contents_;
  absl::btree_set<uint64_t> seen_;
  CrashStates found_;
};

}  // namespace

CrashStates SimDisk::EnumerateCrashStates(size_t limit) {
  return Enumeration(core_->tree.get(), core_->faults.crash, limit).Run();
}

}  // namespace moonpool
