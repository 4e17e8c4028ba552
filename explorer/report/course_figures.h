// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// How a search went on, as charts of the report page.
#ifndef MOONPOOL_EXPLORER_REPORT_COURSE_FIGURES_H_
#define MOONPOOL_EXPLORER_REPORT_COURSE_FIGURES_H_

#include <string>

#include "explorer/directory/merged_parts.h"

namespace moonpool {

// Of one search its marks, bugs and speed; of several a curve each.
std::string CourseFigures(const CampaignParts& parts);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_COURSE_FIGURES_H_
