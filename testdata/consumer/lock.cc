// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "lock.h"

void Lock::Turn(int number) {
  bool is_right = false;
  if (right_ == 0) {
    is_right = number == 7;
  } else if (right_ == 1) {
    is_right = number == 2;
  } else if (right_ == 2) {
    is_right = number == 11;
  } else if (right_ == 3) {
    is_right = number == 4;
  }
  if (is_right) {
    ++right_;
  } else {
    is_jammed_ = true;
  }
}
