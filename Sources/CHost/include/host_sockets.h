#ifndef HULL_HOST_SOCKETS_H
#define HULL_HOST_SOCKETS_H
#include <stdint.h>
#include <sys/types.h>

/// The user at the other end of a connected Unix socket, or -1: SO_PEERCRED's structure hides behind
/// _GNU_SOURCE.
int64_t hull_socket_peer_user(int socket);
/// Accepts a connection without waiting, closed on exec; -1 with errno set.
int hull_socket_accept(int listener);
#endif
