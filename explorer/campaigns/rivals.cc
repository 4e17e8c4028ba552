// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/rivals.h"

#include <bit>
#include <cstddef>
#include <tuple>

namespace moonpool {
namespace {

bool IsMajority(uint32_t some, uint32_t voters) {
  return 2 * std::popcount(some & voters) > std::popcount(voters);
}

// Those who would vote for it, going by the logs.
uint32_t Willing(absl::Span<const RaftServerView> servers, const TermLog& log) {
  uint32_t willing = 0;
  for (size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].log->newest() <= log.newest()) willing |= uint32_t{1} << i;
  }
  return willing;
}

Rivalry Describe(absl::Span<const RaftServerView> servers,
                 const RaftServerView& leader, const RaftServerView& rival,
                 uint32_t willing, uint64_t parting) {
  const uint64_t term = leader.log->term(parting);
  uint32_t having = 0;
  uint32_t up = 0;
  for (size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].is_up) up |= uint32_t{1} << i;
    if (servers[i].log->Has(parting, term)) having |= uint32_t{1} << i;
  }
  Rivalry rivalry;
  rivalry.spread =
      std::min(std::popcount(having & leader.voters),
               std::popcount(leader.voters) / 2 + 1);
  rivalry.is_committed = leader.commit >= parting;
  rivalry.is_later = rival.log->term(parting) > term;
  const uint32_t self = uint32_t{1} << (&rival - servers.data());
  rivalry.is_apart = (willing & rival.voters & ~self & ~leader.cut) == 0;
  rivalry.rival = rival.is_up;
  if (rival.is_up && IsMajority(willing & up & ~rival.cut, rival.voters)) {
    rivalry.rival = 2;
  }
  if (rival.campaigns && rival.term > leader.term) rivalry.rival = 3;
  return rivalry;
}

}  // namespace

uint64_t Parting(const TermLog& a, const TermLog& b) {
  const uint64_t begin = std::max(a.base(), b.base());
  uint64_t i = std::min(a.last(), b.last());
  uint64_t parting = 0;
  // Equal terms at one index mean equal entries up to it.
  for (; i > begin && a.term(i) != b.term(i); --i) parting = i;
  return parting;
}

std::optional<Rivalry> FindRivalry(absl::Span<const RaftServerView> servers) {
  const RaftServerView* leader = nullptr;
  for (const RaftServerView& server : servers) {
    if (!server.is_up || !server.leads) continue;
    if (leader == nullptr || server.term > leader->term) leader = &server;
  }
  if (leader == nullptr || leader->voters == 0) return std::nullopt;
  auto progress = [](const Rivalry& r) {
    return std::make_tuple(r.spread, r.is_committed, r.is_later, r.is_apart,
                           r.rival);
  };
  std::optional<Rivalry> furthest;
  for (size_t i = 0; i < servers.size(); ++i) {
    if (&servers[i] == leader || (servers[i].voters >> i & 1) == 0) continue;
    const uint64_t parting = Parting(*leader->log, *servers[i].log);
    if (parting == 0) continue;
    const uint32_t willing = Willing(servers, *servers[i].log);
    if (!IsMajority(willing, servers[i].voters)) continue;
    const Rivalry rivalry =
        Describe(servers, *leader, servers[i], willing, parting);
    if (!furthest || progress(rivalry) > progress(*furthest)) {
      furthest = rivalry;
    }
  }
  return furthest;
}

}  // namespace moonpool
