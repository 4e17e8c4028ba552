// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// StateHandle: values that workloads publish and invariants read, by name.
#ifndef MOONPOOL_SIM_RUNNER_STATE_H_
#define MOONPOOL_SIM_RUNNER_STATE_H_

#include <any>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace moonpool {

class StateHandle {
 public:
  template <typename T>
  void Publish(absl::string_view key, T value) {
    values_[std::string(key)] = std::move(value);
  }
  // nullptr if nothing of this type was published under key.
  template <typename T>
  const T* Get(absl::string_view key) const {
    auto it = values_.find(key);
    return it == values_.end() ? nullptr : std::any_cast<T>(&it->second);
  }

 private:
  struct Less {  // compares texts of either kind without making a string
    using is_transparent = void;
    bool operator()(absl::string_view a, absl::string_view b) const {
      return a < b;
    }
  };
  std::map<std::string, std::any, Less> values_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_STATE_H_
