#define _GNU_SOURCE
#include "host_vhost.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { most_descriptors = 8 };

static int unix_socket(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int closed(int socket) {
    int reason = errno;
    close(socket);
    errno = reason;
    return -1;
}

int hull_unix_listen(const char *path) {
    struct sockaddr_un address;
    int socket = unix_socket(path, &address);
    if (socket < 0) return -1;
    if (bind(socket, (struct sockaddr *)&address, sizeof address) != 0 || listen(socket, 4) != 0)
        return closed(socket);
    return socket;
}

int hull_unix_connect(const char *path) {
    struct sockaddr_un address;
    int socket = unix_socket(path, &address);
    if (socket < 0) return -1;
    if (connect(socket, (struct sockaddr *)&address, sizeof address) != 0) return closed(socket);
    return socket;
}

long hull_send_descriptors(
    int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(most_descriptors * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor_count > most_descriptors) {
        errno = EINVAL;
        return -1;
    }
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(descriptor_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptor_count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, descriptor_count * sizeof(int));
    }
    long sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

long hull_receive_descriptors(
    int socket, void *bytes, size_t count, int *descriptors, size_t *descriptor_count) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(most_descriptors * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    *descriptor_count = 0;
    long got;
    do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return got;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t bytes_of = header->cmsg_len - CMSG_LEN(0);
        for (size_t index = 0; index < bytes_of / sizeof(int); index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (*descriptor_count < most_descriptors)
                descriptors[(*descriptor_count)++] = descriptor;
            else
                close(descriptor);
        }
    }
    return got;
}
