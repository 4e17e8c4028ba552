// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The flags of one command: --name=value, --name value, and --name alone for
// booleans. Of a flag given twice the last counts. Every error is one line
// that says what to do.
#ifndef MOONPOOL_EXPLORER_CLI_FLAGS_H_
#define MOONPOOL_EXPLORER_CLI_FLAGS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace moonpool {

class Flags {
 public:
  // command: for the errors.
  explicit Flags(std::string command) : command_(std::move(command)) {}

  // Declares a flag and where its value goes; an absent one leaves it alone.
  void Bool(absl::string_view name, bool* value);
  void String(absl::string_view name, std::string* value);
  void Uint64(absl::string_view name, uint64_t* value);
  void Int(absl::string_view name, int* value, int min,
           int max = std::numeric_limits<int>::max());
  // Positive.
  void Duration(absl::string_view name, absl::Duration* value);
  // Positive, in any order: 100 or 100,250,4000.
  void Numbers(absl::string_view name, std::vector<uint64_t>* values);
  // Positive: 512MiB, 4GiB.
  void Bytes(absl::string_view name, uint64_t* value);
  // --name key=value, any number of times.
  void KeyValues(absl::string_view name,
                 std::map<std::string, std::string>* values);

  // Reads all arguments; those that are no flags become positional().
  absl::Status Parse(const std::vector<std::string>& args);
  const std::vector<std::string>& positional() const { return positional_; }
  bool IsGiven(absl::string_view name) const;

 private:
  struct Flag {
    std::string name;
    bool is_bool = false;
    bool given = false;
    std::function<absl::Status(const std::string&)> set;
  };

  void Add(absl::string_view name, bool is_bool,
           std::function<absl::Status(const std::string&)> set);
  absl::Status Unknown(absl::string_view name) const;

  std::string command_;
  std::vector<Flag> flags_;
  std::vector<std::string> positional_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_FLAGS_H_
