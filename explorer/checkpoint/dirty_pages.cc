// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/dirty_pages.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "explorer/checkpoint/pages.h"

namespace moonpool::explorer {
namespace {

// From the kernel's ABI; this distribution's headers are older than it.
constexpr uint64_t kHuge = uint64_t{2} << 20;
constexpr int kUserModeOnly = 1;
constexpr uint64_t kFeatureWpUnpopulated = uint64_t{1} << 13;
constexpr uint64_t kFeatureWpAsync = uint64_t{1} << 15;
constexpr uint64_t kPageIsWritten = 1 << 1;
constexpr uint64_t kScanWriteProtect = 1 << 0;

struct ScanArgument {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t regions;
  uint64_t regions_size;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};

struct ScanRegion {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};

constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);

uint64_t Number(const char* at) { return reinterpret_cast<uint64_t>(at); }

int MoveUp(int file, int lowest) {
  if (file < 0) return -1;
  const int moved = fcntl(file, F_DUPFD_CLOEXEC, lowest);
  close(file);
  return moved;
}

}  // namespace

bool DirtyPages::Open(int lowest_descriptor) {
  fault_file_ = MoveUp(
      static_cast<int>(syscall(SYS_userfaultfd,
                               O_CLOEXEC | O_NONBLOCK | kUserModeOnly)),
      lowest_descriptor);
  pagemap_ = MoveUp(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
                    lowest_descriptor);
  uffdio_api api = {};
  api.api = UFFD_API;
  api.features = kFeatureWpAsync | kFeatureWpUnpopulated;
  if (fault_file_ >= 0 && pagemap_ >= 0 &&
      ioctl(fault_file_, UFFDIO_API, &api) == 0) {
    return true;
  }
  Close();
  return false;
}

void DirtyPages::Close() {
  if (fault_file_ >= 0) close(fault_file_);
  if (pagemap_ >= 0) close(pagemap_);
  fault_file_ = -1;
  pagemap_ = -1;
}

bool DirtyPages::Watch(char* begin, size_t size) {
  uffdio_register range = {};
  range.range.start = Number(begin);
  range.range.len = size;
  range.mode = UFFDIO_REGISTER_MODE_WP;
  if (ioctl(fault_file_, UFFDIO_REGISTER, &range) != 0) return false;
  // A huge page that is protected whole would be unprotected whole, too, by one
  // write; protected in two parts it becomes small pages.
  const uint64_t end = range.range.start + range.range.len;
  for (uint64_t at = range.range.start; at < end;) {
    const uint64_t next = at % kHuge == 0 ? at + kPage : (at / kHuge + 1) * kHuge;
    uffdio_writeprotect protect = {};
    protect.range.start = at;
    protect.range.len = std::min(next, end) - at;
    protect.mode = UFFDIO_WRITEPROTECT_MODE_WP;
    if (ioctl(fault_file_, UFFDIO_WRITEPROTECT, &protect) != 0) return false;
    at = next;
  }
  return true;
}

long DirtyPages::Scan(char** begin, char* end, Region* regions, size_t max) {
  ScanRegion found[kBatch];
  ScanArgument scan = {};
  scan.size = sizeof(scan);
  scan.start = Number(*begin);
  scan.end = Number(end);
  scan.regions = reinterpret_cast<uint64_t>(found);
  scan.regions_size = max;
  scan.category_mask = kPageIsWritten;
  scan.return_mask = kPageIsWritten;
  const long count = ioctl(pagemap_, kPagemapScan, &scan);
  for (long i = 0; i < count; ++i) {
    regions[i] = {reinterpret_cast<char*>(found[i].start),
                  reinterpret_cast<char*>(found[i].end)};
  }
  *begin = reinterpret_cast<char*>(scan.walk_end);
  return count;
}

bool DirtyPages::Forget(char* begin, size_t size) {
  ScanArgument scan = {};
  scan.size = sizeof(scan);
  scan.flags = kScanWriteProtect;
  scan.start = Number(begin);
  scan.end = Number(begin) + size;
  scan.category_mask = kPageIsWritten;
  return ioctl(pagemap_, kPagemapScan, &scan) >= 0;
}

}  // namespace moonpool::explorer
