#ifndef HULL_HOST_FOLDERS_H
#define HULL_HOST_FOLDERS_H
#include <stddef.h>
#include <stdint.h>

// What a server of shared folders needs and Glibc's module map hides. Where nothing else is said, the
// result is that of the call, or -1 with errno set.

/// openat2 that resolves below `folder` alone and follows no link; errno is ENOSYS on hosts that do not
/// have it (before Linux 5.6).
int hull_open_beneath(int folder, const char *path, uint64_t flags, uint64_t mode);
/// O_PATH, which has no name in Swift.
extern const int hull_open_path_only;
/// getdents64: how many bytes were filled, 0 at the end.
long hull_read_folder(int folder, void *bytes, size_t count);
/// Changes the mode of what lies at a name, unless it is a link.
int hull_change_mode(int folder, const char *name, unsigned mode);
/// Moves, changes or looks at a lock that belongs to the open file (F_OFD_SETLK, F_OFD_GETLK). `kind`: 0
/// read, 1 write, 2 none, as on the wire. `found` holds kind, start and length of the lock in the way.
int hull_lock_set(int file, int kind, int64_t start, int64_t count);
int hull_lock_get(int file, int kind, int64_t start, int64_t count, int64_t found[3]);
long hull_attribute_get(int file, const char *name, void *value, size_t count);
long hull_attribute_list(int file, void *names, size_t count);
int hull_attribute_set(int file, const char *name, const void *value, size_t count, int flags);
int hull_attribute_remove(int file, const char *name);

#endif
