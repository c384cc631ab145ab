#ifndef HULL_HOST_FILES_H
#define HULL_HOST_FILES_H
#include <stddef.h>
#include <stdint.h>

// Calls and constants that Glibc's module map hides behind _GNU_SOURCE.

/// Frees the blocks of a range, which then reads as zeros. Returns 0 or an errno.
int hull_file_punch_hole(int file, int64_t offset, int64_t count);
/// Makes a range read as zeros, keeping its blocks where the file system can. Returns 0 or an errno.
int hull_file_zero_range(int file, int64_t offset, int64_t count);
/// A descriptor that counts writes and polls as readable; -1 with errno set on failure.
int hull_event_descriptor(void);
/// getrandom: how many bytes were filled, or -1 with errno EINTR.
int64_t hull_random(void *bytes, size_t count);
/// The name appears in debuggers and in /proc.
void hull_thread_set_name(const char *name);

#endif
