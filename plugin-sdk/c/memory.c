/* Memory that is never freed: a turn's instance is thrown away with all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Under the address sanitizer every allocation has its own block, so that a step beyond one is seen. */
#ifdef __SANITIZE_ADDRESS__
#define BLOCK_BYTES 0
#else
#define BLOCK_BYTES (16 * 1024)
#endif
#define ALIGN_BYTES 16

typedef struct block {
    struct block *before;
    _Alignas(ALIGN_BYTES) char bytes[];
} block;

/* Most turns need no more than this, and never call malloc. */
static _Alignas(ALIGN_BYTES) char first_bytes[BLOCK_BYTES + 1];
static block *last;
static char *next = first_bytes;
static size_t left = BLOCK_BYTES;

static void open_block(size_t bytes)
{
    size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    block *opened = malloc(sizeof *opened + room);
    if (opened == NULL) {
        tw_error("out of memory: %zu bytes were asked for", bytes);
        abort();
    }
    opened->before = last;
    last = opened;
    next = opened->bytes;
    left = room;
}

void *tw_reserve(size_t bytes)
{
    /* Beyond half of the address space nothing can be, and rounding up could come out small. */
    if (bytes > SIZE_MAX / 2) {
        tw_error("out of memory: %zu bytes were asked for", bytes);
        abort();
    }
    bytes = (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    if (bytes > left) open_block(bytes);
    void *reserved = next;
    next += bytes;
    left -= bytes;
    return reserved;
}

void *tw_alloc(size_t bytes)
{
    return memset(tw_reserve(bytes), 0, bytes);
}

void tw_release(void)
{
    while (last != NULL) {
        block *before = last->before;
        free(last);
        last = before;
    }
    next = first_bytes;
    left = BLOCK_BYTES;
}

void *tw_grow(void *list, size_t count, size_t bytes)
{
    /* Full at 0, 4, 8, 16…: every power of two from 4 on. */
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full) return list;
    size_t room = count < 4 ? 4 : count * 2;
    void *grown = tw_reserve(room * bytes);
    if (count > 0) memcpy(grown, list, count * bytes);
    return grown;
}

char *tw_copy(const char *text, size_t bytes)
{
    const char *end = memchr(text, '\0', bytes);
    size_t length = end != NULL ? (size_t)(end - text) : bytes;
    char *copy = tw_reserve(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *tw_format_list(const char *format, va_list arguments)
{
    char short_text[256];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(short_text, sizeof short_text, format, arguments);
    char *text;
    if (length < 0) {
        text = tw_copy("", 0);
    } else if ((size_t)length < sizeof short_text) {
        text = tw_copy(short_text, (size_t)length);
    } else {
        text = tw_reserve((size_t)length + 1);
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

char *tw_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = tw_format_list(format, arguments);
    va_end(arguments);
    return text;
}
