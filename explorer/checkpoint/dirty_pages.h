// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Which pages of large ranges have been written to: asynchronous write
// protection by userfaultfd (the kernel resolves each fault itself and only
// remembers it) and PAGEMAP_SCAN. Linux 6.7 and later.
//
// Not thread-safe. Fork: a child has neither the protection nor a use for the
// descriptors, which it closes.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_DIRTY_PAGES_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_DIRTY_PAGES_H_

#include <cstddef>
#include <cstdint>

namespace moonpool::explorer {

class DirtyPages {
 public:
  struct Region {
    char* begin;
    char* end;
  };

  // The descriptors get numbers from this one on: those below are the world's,
  // which must not notice. False: the kernel does not offer it.
  bool Open(int lowest_descriptor);
  void Close();
  int fault_file() const { return fault_file_; }
  int pagemap() const { return pagemap_; }

  // From now on writes to the range are remembered. False: not possible here.
  bool Watch(char* begin, size_t size);
  // Calls on_region(Region) for what has been written to since Watch or Forget.
  // False: the kernel failed.
  template <typename OnRegion>
  bool ForEach(char* begin, size_t size, OnRegion on_region) {
    char* const end = begin + size;
    while (begin < end) {
      Region regions[kBatch];
      const long count = Scan(&begin, end, regions, kBatch);
      if (count < 0) return false;
      for (long i = 0; i < count; ++i) on_region(regions[i]);
    }
    return true;
  }
  // Everything is unwritten again.
  bool Forget(char* begin, size_t size);

 private:
  static constexpr size_t kBatch = 64;
  // Moves *begin on to where the next scan starts.
  long Scan(char** begin, char* end, Region* regions, size_t max);

  int fault_file_ = -1;
  int pagemap_ = -1;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_DIRTY_PAGES_H_
