// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The parked processes of one exploration, as the process pool sees them: which
// checkpoint slots they have, and at which splitpoints they stand.
//
// A slot is free, lent to a job in flight, that of the process parked at a
// splitpoint, condemned (its process is to be killed once it owes no timeline)
// or dying (killed but not reaped yet).
#ifndef MOONPOOL_EXPLORER_SEARCH_PARKED_SET_H_
#define MOONPOOL_EXPLORER_SEARCH_PARKED_SET_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "explorer/search/archive.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class ParkedSet {
 public:
  // At most limit processes, besides that of the first root seed. Lifetime:
  // region and archive outlive the set.
  ParkedSet(int limit, Region* region, const Archive* archive);

  // The slot of the process at a splitpoint, or -1.
  int At(int splitpoint) const {
    return splitpoint >= 0 && splitpoint < static_cast<int>(slot_of_.size())
               ? slot_of_[splitpoint]
               : -1;
  }
  // The nearest splitpoint on the way, from this one up, where one lives; -1:
  // nowhere, so the way begins in the nursery.
  int FindLivingAncestor(int splitpoint) const;
  int size() const { return parked_; }

  // A job from this splitpoint has been submitted.
  void CountPick(int splitpoint, uint64_t number);

  // Slots for the processes that a job may leave behind: at its discoveries,
  // and at its splitpoint, to which it replays the way.
  void LendTo(JobOrder& order, bool recreate);
  // Whom nobody has adopted is condemned.
  void TakeBackFrom(JobOrder& order);
  // The splitpoint's process is back, unless nobody needs it any more or
  // another job has brought it back first.
  void TakeBackRecreated(JobOrder& order, int splitpoint, bool is_needed);

  // The process parked in the slot, if any, is that of the splitpoint, which is
  // a new one; finished: jobs before this one are.
  void Adopt(int slot, int splitpoint, uint64_t finished);
  // The splitpoint represents no cell any more.
  void Retire(int splitpoint) { Set(splitpoint, -1); }
  // The coldest are condemned, as long as there are too many.
  void Evict();

  // Kills the condemned, except who still has to fork a job.
  void KillCondemned(const std::function<bool(int)>& owes,
                     const std::function<void(pid_t)>& kill);
  // The process in the slot has ended. False: nobody has killed it here.
  bool Died(int slot);

 private:
  int Take();
  void Return(int slot);
  // Makes slot (or -1: none) that of a splitpoint's process.
  void Set(int splitpoint, int slot);

  const int limit_;
  Region* const region_;
  const Archive* const archive_;
  std::vector<int> free_;
  std::vector<int> owner_;  // slot -> splitpoint, -1: none
  std::vector<int> condemned_;
  std::vector<bool> dying_;
  // By splitpoint: its slot or -1, and the job that branched off there last.
  std::vector<int> slot_of_;
  std::vector<uint64_t> last_used_;
  int parked_ = 0;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_PARKED_SET_H_
