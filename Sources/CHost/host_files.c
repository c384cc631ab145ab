#define _GNU_SOURCE
#include "host_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

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

int hull_file_open_direct(const char *path, bool read_only) {
    return open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_DIRECT);
}

int hull_file_temporary(const char *folder) {
    int file = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (file >= 0) return file;
    // A file system without O_TMPFILE: a name that is gone at once.
    char path[4096];
    if (snprintf(path, sizeof path, "%s/hull-XXXXXX", folder) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0) unlink(path);
    return file;
}

int64_t hull_file_read_cached(int file, const struct iovec *parts, int count, int64_t offset) {
    return preadv2(file, parts, count, offset, RWF_NOWAIT);
}
