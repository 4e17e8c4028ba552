// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The process in which the doctor runs one seed: this program again, with a
// hidden command.
#ifndef MOONPOOL_EXPLORER_DOCTOR_CHILD_H_
#define MOONPOOL_EXPLORER_DOCTOR_CHILD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/doctor/surroundings.h"

namespace moonpool {

// For main: such a process must not fix its addresses.
bool IsDoctorRun(int argc, char** argv);
int DoctorRunMain(int argc, char** argv);

// Where the process writes its result.
inline constexpr int kDoctorResultFd = 3;
std::vector<std::string> DoctorRunArguments(const DoctorJob& job,
                                            int variation);
// The result, without the output.
absl::StatusOr<DoctorRun> ParseDoctorRun(absl::string_view bytes);

// What fresh memory is filled with.
int FillOf(int variation);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DOCTOR_CHILD_H_
