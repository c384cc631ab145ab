#ifndef HULL_HOST_SOCKETS_H
#define HULL_HOST_SOCKETS_H
#include <spawn.h>
#include <stdint.h>
#include <sys/types.h>

/// The user at the other end of a connected Unix socket, or -1: SO_PEERCRED's structure hides behind
/// _GNU_SOURCE.
int64_t hull_socket_peer_user(int socket);
/// Accepts a connection without waiting, closed on exec; -1 with errno set.
int hull_socket_accept(int listener);
/// The child has no descriptor from this number on. Hidden behind _GNU_SOURCE, too.
int hull_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
#endif
