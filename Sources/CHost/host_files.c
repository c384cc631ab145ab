#define _GNU_SOURCE
#include "host_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/random.h>

static int range(int file, int mode, int64_t offset, int64_t count) {
    int outcome;
    do outcome = fallocate(file, mode, offset, count);
    while (outcome != 0 && errno == EINTR);
    return outcome == 0 ? 0 : errno;
}

int hull_file_punch_hole(int file, int64_t offset, int64_t count) {
    return range(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

int hull_file_zero_range(int file, int64_t offset, int64_t count) {
    return range(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, count);
}

int hull_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int64_t hull_random(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

void hull_thread_set_name(const char *name) { pthread_setname_np(pthread_self(), name); }
