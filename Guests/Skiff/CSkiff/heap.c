// Memory for Swift's arrays and classes: powers of two from a fixed arena, each behind a word that
// says which; freed pieces wait in one list for each power. C, because these names are reserved to
// the Swift runtime.
#include <stddef.h>
#include <stdint.h>

extern char skiff_heap_start[], skiff_heap_end[];

enum { smallest = 5, largest = 18 };

typedef struct Piece {
    uint64_t order;
    struct Piece *next;
} Piece;

static Piece *free_pieces[largest + 1];
static char *fresh;

int posix_memalign(void **result, size_t alignment, size_t count) {
    unsigned order = smallest;
    while (order <= largest && (1ul << order) < count + sizeof(Piece)) order++;
    if (order > largest || count > 1ul << largest || alignment > sizeof(Piece)) return 12;
    Piece *piece = free_pieces[order];
    if (piece) {
        free_pieces[order] = piece->next;
    } else {
        if (!fresh) fresh = skiff_heap_start;
        if ((size_t)(skiff_heap_end - fresh) < 1ul << order) return 12;
        piece = (Piece *)fresh;
        fresh += 1ul << order;
        piece->order = order;
    }
    *result = piece + 1;
    return 0;
}

void free(void *pointer) {
    if (!pointer) return;
    Piece *piece = (Piece *)pointer - 1;
    piece->next = free_pieces[piece->order];
    free_pieces[piece->order] = piece;
}
