#define _GNU_SOURCE
#include "host_folders.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

const int hull_open_path_only = O_PATH;

int hull_open_beneath(int folder, const char *path, uint64_t flags, uint64_t mode) {
    struct open_how how = {
        .flags = flags,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long result;
    // EAGAIN: something was renamed meanwhile, and the kernel cannot say that it stayed below.
    int tries = 16;
    do result = syscall(SYS_openat2, folder, path, &how, sizeof how);
    while (result < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
    return (int)result;
}

long hull_read_folder(int folder, void *bytes, size_t count) {
    return syscall(SYS_getdents64, folder, bytes, count);
}

int hull_change_mode(int folder, const char *name, unsigned mode) {
    // The flag that says "no link" is younger than most kernels, and its emulation in the C library asks
    // for more calls than a confined thread has.
    int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return -1;
    struct stat status;
    int result = fstat(file, &status);
    if (result == 0 && S_ISLNK(status.st_mode)) {
        errno = EOPNOTSUPP;
        result = -1;
    } else if (result == 0) {
        char path[40];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        result = fchmodat(AT_FDCWD, path, mode, 0);
    }
    int reason = errno;
    close(file);
    errno = reason;
    return result;
}

static struct flock lock_of(int kind, int64_t start, int64_t count) {
    struct flock lock = {
        .l_type = kind == 0 ? F_RDLCK : kind == 1 ? F_WRLCK : F_UNLCK,
        .l_whence = SEEK_SET,
        .l_start = start,
        .l_len = count,
    };
    return lock;
}

int hull_lock_set(int file, int kind, int64_t start, int64_t count) {
    struct flock lock = lock_of(kind, start, count);
    return fcntl(file, F_OFD_SETLK, &lock);
}

int hull_lock_get(int file, int kind, int64_t start, int64_t count, int64_t found[3]) {
    struct flock lock = lock_of(kind, start, count);
    int result = fcntl(file, F_OFD_GETLK, &lock);
    found[0] = lock.l_type == F_RDLCK ? 0 : lock.l_type == F_WRLCK ? 1 : 2;
    found[1] = lock.l_start;
    found[2] = lock.l_len;
    return result;
}

long hull_attribute_get(int file, const char *name, void *value, size_t count) {
    return fgetxattr(file, name, value, count);
}
long hull_attribute_list(int file, void *names, size_t count) {
    return flistxattr(file, names, count);
}
int hull_attribute_set(int file, const char *name, const void *value, size_t count, int flags) {
    return fsetxattr(file, name, value, count, flags);
}
int hull_attribute_remove(int file, const char *name) { return fremovexattr(file, name); }
