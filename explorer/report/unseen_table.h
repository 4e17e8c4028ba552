// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a search has probably not seen yet, for the report page.
#ifndef MOONPOOL_EXPLORER_REPORT_UNSEEN_TABLE_H_
#define MOONPOOL_EXPLORER_REPORT_UNSEEN_TABLE_H_

#include <cstdint>
#include <string>

#include "explorer/directory/campaign.pb.h"

namespace moonpool {

// How far ahead it looks, in timelines.
inline constexpr uint64_t kTimelinesAhead = 10'000;

// Estimates of the marks and bugs to come, and what they are worth.
std::string UnseenTable(const CampaignPart& part);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_UNSEEN_TABLE_H_
