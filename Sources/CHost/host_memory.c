#define _GNU_SOURCE
#include "host_memory.h"
#include <sys/mman.h>

int hull_memfd_create(const char *name, unsigned int flags) {
    return memfd_create(name, flags);
}
