// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#ifndef LOCK_H_
#define LOCK_H_

// A combination lock with twelve numbers on its dial. It opens after four right
// ones; a wrong one jams it.
class Lock {
 public:
  void Turn(int number);
  bool is_open() const { return right_ == 4; }
  bool is_jammed() const { return is_jammed_; }

 private:
  int right_ = 0;
  bool is_jammed_ = false;
};

#endif  // LOCK_H_
