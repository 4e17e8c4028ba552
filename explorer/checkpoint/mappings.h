// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The memory mappings of this process, as /proc/self/maps lists them. Read
// without allocating: who asks is about to copy all memory, and the answer must
// not change by being asked for.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_MAPPINGS_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_MAPPINGS_H_

#include <cstddef>
#include <cstdint>

namespace moonpool::explorer {

struct MemoryMapping {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  uint64_t inode = 0;  // 0: anonymous
  bool is_readable = false;
  bool is_writable = false;
  bool is_executable = false;
  bool is_private = false;
  bool is_stack = false;  // of the main thread: it may grow downwards

  bool operator==(const MemoryMapping&) const = default;
};

// In ascending order. Adjacent mappings that differ in nothing are one: where
// the kernel splits them is its own affair.
struct MappingList {
  static constexpr size_t kMax = 256;
  size_t size = 0;
  MemoryMapping at[kMax];

  const MemoryMapping* begin() const { return at; }
  const MemoryMapping* end() const { return at + size; }
  bool operator==(const MappingList& other) const;
};

// Leaves out what lies in [skip_begin, skip_end). False: /proc cannot be read,
// or there are too many.
bool ReadMappings(uintptr_t skip_begin, uintptr_t skip_end,
                  MappingList& mappings);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_MAPPINGS_H_
