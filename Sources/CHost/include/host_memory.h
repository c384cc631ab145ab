#ifndef HULL_HOST_MEMORY_H
#define HULL_HOST_MEMORY_H
#include <stddef.h>

/// memfd_create: a variadic-free door to a call that Glibc's module map hides behind _GNU_SOURCE.
int hull_memfd_create(const char *name, unsigned int flags);
#endif
