#define _GNU_SOURCE
#include "host_network.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int hull_tap_open(const char *name) {
    int file = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int header = 12, little = 1;
    if (ioctl(file, TUNSETIFF, &request) != 0 || ioctl(file, TUNSETVNETHDRSZ, &header) != 0 ||
        ioctl(file, TUNSETVNETLE, &little) != 0) {
        int reason = errno;
        close(file);
        errno = reason;
        return -1;
    }
    return file;
}

int hull_tap_set_offloads(int file, unsigned flags) {
    return ioctl(file, TUNSETOFFLOAD, (unsigned long)flags) == 0 ? 0 : errno;
}
