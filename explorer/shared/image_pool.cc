// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/shared/image_pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace moonpool::explorer {
namespace {

constexpr size_t kBytes = ImagePool::kSlots * ImagePool::kSlotBytes;
// The world's files get the numbers that they would have got without it.
constexpr int kLowestDescriptor = 200;

}  // namespace

ImagePool::ImagePool() {
  // The kernel would end a process that wanted a larger file.
  rlimit limit = {};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < kBytes) return;
  const int file = memfd_create("moonpool-images", MFD_CLOEXEC);
  if (file < 0) return;
  file_ = fcntl(file, F_DUPFD_CLOEXEC, kLowestDescriptor);
  close(file);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(kBytes)) != 0) return;
  void* const mapped = mmap(nullptr, kBytes, PROT_READ,
                            MAP_SHARED | MAP_NORESERVE, file_, 0);
  if (mapped != MAP_FAILED) slots_ = static_cast<char*>(mapped);
}

ImagePool::~ImagePool() {
  if (slots_ != nullptr) munmap(slots_, kBytes);
  if (file_ >= 0) close(file_);
}

bool ImagePool::Has(const ImageRef& image) const {
  return image.generation != 0 && is_open() &&
         __atomic_load_n(reinterpret_cast<const uint64_t*>(at(image.slot)),
                         __ATOMIC_ACQUIRE) == image.generation;
}

bool ImagePool::Write(uint32_t slot, size_t offset, iovec* parts,
                      size_t count) const {
  auto at = static_cast<off_t>(slot * kSlotBytes + offset);
  while (count > 0) {
    const ssize_t written =
        pwritev(file_, parts,
                static_cast<int>(std::min(count, size_t{IOV_MAX})), at);
    if (written <= 0) return false;
    at += written;
    for (auto left = static_cast<size_t>(written); left > 0;) {
      const size_t taken = std::min(left, parts->iov_len);
      parts->iov_base = static_cast<char*>(parts->iov_base) + taken;
      parts->iov_len -= taken;
      left -= taken;
      if (parts->iov_len > 0) break;
      ++parts;
      --count;
    }
  }
  return true;
}

}  // namespace moonpool::explorer
