#ifndef HULL_HOST_FILES_H
#define HULL_HOST_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

// Calls and constants that Glibc's module map hides behind _GNU_SOURCE.

/// Frees the blocks of a range, which then reads as zeros. Returns 0 or an errno.
int hull_file_punch_hole(int file, int64_t offset, int64_t count);
/// Makes a range read as zeros, keeping its blocks where the file system can. Returns 0 or an errno.
int hull_file_zero_range(int file, int64_t offset, int64_t count);
/// Opens a file for accesses past the page cache; -1 with errno set on failure.
int hull_file_open_direct(const char *path, bool read_only);
/// A file without a name; -1 with errno set on failure.
int hull_file_temporary(const char *folder);
/// Reads what the page cache has, and waits for no disk: how much that is, or -1.
int64_t hull_file_read_cached(int file, const struct iovec *parts, int count, int64_t offset);
/// A descriptor that counts writes and polls as readable; -1 with errno set on failure.
int hull_event_descriptor(void);
/// getrandom: how many bytes were filled, or -1 with errno EINTR.
int64_t hull_random(void *bytes, size_t count);
/// The name appears in debuggers and in /proc.
void hull_thread_set_name(const char *name);

#endif
