#ifndef HULL_HOST_NETWORK_H
#define HULL_HOST_NETWORK_H

// The structures of tap interfaces lie behind headers of the kernel that Swift does not see.

/// A tap interface with virtio's header of 12 bytes, little-endian, before each frame; it does not
/// block. -1 with errno set on failure.
int hull_tap_open(const char *name);
/// TUNSETOFFLOAD: what may be left undone in frames that are read. Returns 0 or an errno.
int hull_tap_set_offloads(int file, unsigned flags);

#endif
