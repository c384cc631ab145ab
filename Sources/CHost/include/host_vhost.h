#ifndef HULL_HOST_VHOST_H
#define HULL_HOST_VHOST_H
#include <stddef.h>
#include <stdint.h>

// Unix sockets that carry descriptors: the macros for that have no form that Swift can call.

/// A listening Unix socket at a path, or -1 with errno set.
int hull_unix_listen(const char *path);
/// A socket connected to a path, or -1 with errno set.
int hull_unix_connect(const char *path);
/// Sends bytes and up to eight descriptors with them: how many bytes went, or -1 with errno set.
long hull_send_descriptors(
    int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count);
/// Receives bytes and up to eight descriptors, which are closed when a program is run. `descriptors` has
/// room for eight; what does not fit is closed.
long hull_receive_descriptors(
    int socket, void *bytes, size_t count, int *descriptors, size_t *descriptor_count);

#endif
