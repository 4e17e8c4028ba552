// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Of which splitpoints there are images, as the process pool sees it. Jobs in
// flight may read or write the slots that they were given, so no slot gets
// another image before these are finished; of the others the coldest goes.
#ifndef MOONPOOL_EXPLORER_SEARCH_IMAGE_SET_H_
#define MOONPOOL_EXPLORER_SEARCH_IMAGE_SET_H_

#include <cstdint>
#include <vector>

#include "explorer/search/archive.h"
#include "explorer/search/job.h"
#include "explorer/shared/image_pool.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class ImageSet {
 public:
  // At most limit images. pool: nullptr: there are none. Lifetime: pool and
  // archive outlive the set.
  ImageSet(const ImagePool* pool, const Archive* archive, int limit);

  // The nearest splitpoint on the way, from this one up, of which there is an
  // image or soon will be; kNone: there is none.
  int NearestTo(int splitpoint) const;
  // Tells the job of the images on the way to its splitpoint.
  void List(int splitpoint, uint64_t number, JobOrder& order);
  // A slot for the job to store an image in; generation 0: none is free.
  ImageRef Lend(uint64_t number);
  // The image of this splitpoint is there, or soon will be.
  void Assign(const ImageRef& image, int splitpoint);
  // The job is finished: an image that it was to store and that is not there
  // will not come any more.
  void Finish(uint64_t number, const JobOrder& order);
  // Nobody will come back there.
  void Retire(int splitpoint);

  int size() const { return size_; }

 private:
  struct Slot {
    uint64_t generation = 0;
    int splitpoint = Job::kNone;
    uint64_t last_used = 0;  // a job's number; 0: never
  };
  int SlotOf(int splitpoint) const {
    return splitpoint >= 0 && splitpoint < static_cast<int>(slot_of_.size())
               ? slot_of_[splitpoint]
               : -1;
  }
  void Clear(Slot& slot);

  const ImagePool* const pool_;
  const Archive* const archive_;
  std::vector<Slot> slots_;
  std::vector<int> slot_of_;  // by splitpoint, or -1
  uint64_t generation_ = 0;
  uint64_t finished_ = 0;  // jobs before this one are
  int size_ = 0;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_IMAGE_SET_H_
