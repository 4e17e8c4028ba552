// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// TornFile: what a power cut may make of the unsynced operations of one file
// when writes tear: each dirty page is dropped or not, each dirty piece of a
// sector on it is old, new or damaged, each truncation is kept or lost. One
// object applies one choice of these; the crash law draws the choice, the
// enumeration goes through all.
#ifndef MOONPOOL_SIM_STORAGE_TORN_H_
#define MOONPOOL_SIM_STORAGE_TORN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/storage/detail_random.h"
#include "sim/storage/faults.h"
#include "sim/storage/inode.h"
#include "sim/storage/journal.h"
#include "sim/storage/pages.h"

namespace moonpool {

class TornFile {
 public:
  // Unsynced bytes within one sector.
  struct Piece {
    uint64_t offset;
    size_t page;  // index into pages()
    std::string current;
    std::string durable;
  };
  struct Choice {
    // For each record: does its truncation, if it is one, survive?
    std::vector<bool> truncated;
    // The size reaches the disk with the file's metadata, not with its pages.
    bool size_first = false;
    std::vector<bool> dropped;  // for each page
    // For each piece: what it holds; nullopt: the durable bytes.
    std::vector<std::optional<std::string>> pieces;
  };

  // file holds the current contents; journal and lost belong to it.
  TornFile(const PageFile& file, const Journal& journal, const LostPages& lost);

  const std::vector<uint64_t>& pages() const { return pages_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  size_t records() const { return journal_.records().size(); }
  // Is there a truncation among the operations of this record?
  bool truncates(size_t record) const;
  // Takes what is durable from file. REQUIRES: it holds the durable contents.
  void LearnDurable(const PageFile& file);

  // Everything survives.
  Choice KeepAll() const;
  Choice Draw(const CrashLaw& law, DetailRandom& random) const;
  // REQUIRES: file holds the durable contents.
  void Apply(const Choice& choice, PageFile& file) const;

 private:
  size_t PageIndex(uint64_t page) const;

  const Journal& journal_;
  const uint64_t size_;  // the current one
  std::vector<uint64_t> pages_;
  std::vector<Piece> pieces_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_TORN_H_
