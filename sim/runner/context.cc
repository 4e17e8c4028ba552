// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/context.h"

#include <utility>

#include "providers/base/check.h"

namespace moonpool {

SimContext::SimContext(Parts parts)
    : parts_(std::move(parts)),
      log_(parts_.events, parts_.ip),
      time_(parts_.world, parts_.clock),
      tasks_(parts_.task_set) {}

const std::map<std::string, std::string>& SimContext::my_tags() const {
  const Member* member = parts_.topology->member(parts_.ip);
  CHECK(member != nullptr) << parts_.ip << " is not part of its own topology";
  return member->tags;
}

std::vector<Member> SimContext::peers() const {
  std::vector<Member> peers;
  for (const Member& member : parts_.topology->members()) {
    if (member.ip != parts_.ip) peers.push_back(member);
  }
  return peers;
}

}  // namespace moonpool
