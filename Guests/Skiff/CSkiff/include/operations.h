#pragma once
#include <stdint.h>

static inline uint64_t user_jump(uint64_t address) { return ((uint64_t(*)(void))address)(); }
static inline void user_illegal(void) { __asm__ volatile(".word 0"); }
