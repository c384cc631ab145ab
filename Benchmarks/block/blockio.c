/* How fast the disk is, seen from inside: blockio DEVICE MODE SECONDS DEPTH
 *   MODE   randread, read (1 MiB pieces), write (1 MiB pieces), randwrite
 *   DEPTH  processes that each have one request under way
 * All accesses go past the guest's page cache. Prints one line:
 *   @io MODE DEPTH REQUESTS BYTES SECONDS
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    const char *mode = argv[2];
    double seconds = atof(argv[3]);
    int depth = atoi(argv[4]);
    int writes = strstr(mode, "write") != NULL, random = strncmp(mode, "rand", 4) == 0;
    size_t piece = random ? 4096 : 1 << 20;
    volatile uint64_t *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double start = now();
    for (int child = 0; child < depth; child++) {
        if (fork() != 0)
            continue;
        int file = open(argv[1], (writes ? O_RDWR : O_RDONLY) | O_DIRECT);
        if (file < 0) {
            perror(argv[1]);
            _exit(1);
        }
        uint64_t pieces = (uint64_t)lseek(file, 0, SEEK_END) / piece;
        uint64_t state = 88172645463325252u + (uint64_t)child * 977, at = (uint64_t)child;
        char *buffer = aligned_alloc(4096, piece);
        memset(buffer, child + 1, piece);
        double end = start + seconds;
        do {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            uint64_t number = random ? state % pieces : at % pieces;
            at += (uint64_t)depth;
            off_t place = (off_t)(number * piece);
            ssize_t got = writes ? pwrite(file, buffer, piece, place) : pread(file, buffer, piece, place);
            if (got != (ssize_t)piece) {
                perror(mode);
                _exit(1);
            }
            counts[child]++;
        } while (now() < end);
        _exit(0);
    }
    int failed = 0, status;
    while (wait(&status) > 0)
        failed |= status;
    double took = now() - start;
    uint64_t sum = 0;
    for (int child = 0; child < depth; child++)
        sum += counts[child];
    printf("@io %s %d %llu %llu %.3f\n", mode, depth, (unsigned long long)sum,
           (unsigned long long)(sum * piece), took);
    return failed != 0;
}
