// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Room for images of worlds, in a file in memory that all processes of an
// exploration share: what one of them has stored, each can continue from. What
// an image is, snapshot.h knows; here it is a number of bytes in a slot.
//
// Processes only read the slots as memory and write by a system call, so no
// wild write of the code under test gets there.
//
// Fork: inherited, with its file. The file's number is out of the world's way.
#ifndef MOONPOOL_EXPLORER_SHARED_IMAGE_POOL_H_
#define MOONPOOL_EXPLORER_SHARED_IMAGE_POOL_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace moonpool::explorer {

// An image, by its place and by who was ordered to store it: the slot may have
// been given to another since.
struct ImageRef {
  uint32_t slot = 0;
  uint64_t generation = 0;  // 0: none
};

class ImagePool {
 public:
  static constexpr uint32_t kSlots = 64;
  static constexpr size_t kPage = 4096;
  // Of one image. Beyond that a fork costs less.
  static constexpr size_t kMaxPages = 1024;
  // Before the pages of a slot: what tells what they are.
  static constexpr size_t kHeaderBytes = 4 * kPage;
  static constexpr size_t kSlotBytes = kHeaderBytes + kMaxPages * kPage;

  // Maps the slots, all zeros; memory is taken as they are written to. Without
  // memory for it nothing can be stored, and all is only slower.
  ImagePool();
  ~ImagePool();
  ImagePool(const ImagePool&) = delete;

  bool is_open() const { return slots_ != nullptr; }
  // REQUIRES: is_open.
  const char* at(uint32_t slot) const { return slots_ + slot * kSlotBytes; }
  // The generation that its writer gave it last: the first eight bytes.
  bool Has(const ImageRef& image) const;

  // Writes to a slot, from the offset on. parts is used up. False: no memory.
  bool Write(uint32_t slot, size_t offset, iovec* parts, size_t count) const;

 private:
  int file_ = -1;
  char* slots_ = nullptr;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SHARED_IMAGE_POOL_H_
