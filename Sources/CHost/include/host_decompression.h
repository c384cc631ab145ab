#ifndef HULL_HOST_DECOMPRESSION_H
#define HULL_HOST_DECOMPRESSION_H
// The structures that zlib, libzstd and liblzma share with their callers. They are loaded at run
// time, so that no -dev package is needed; these layouts are their stable binary interface (zlib.h
// since 1.0.4, zstd.h since 1.0, lzma/base.h since 5.0).
#include <stddef.h>

typedef struct {
    const unsigned char *next_in;
    unsigned int avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned int avail_out;
    unsigned long total_out;
    const char *message;
    void *state;
    void *allocate;
    void *release;
    void *opaque;
    int data_type;
    unsigned long adler;
    unsigned long reserved;
} hull_zlib_stream;

typedef struct {
    const void *source;
    size_t size;
    size_t position;
} hull_zstd_input;

typedef struct {
    void *destination;
    size_t size;
    size_t position;
} hull_zstd_output;

typedef struct {
    const unsigned char *next_in;
    size_t avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    size_t avail_out;
    unsigned long total_out;
    const void *allocator;
    void *internal;
    void *reserved_pointers[4];
    unsigned long reserved_integers[4];
    int reserved_enumerations[2];
} hull_lzma_stream;
#endif
