/* The contract's bindings, generated at build time, but for their freeing: all memory goes with the instance. */
#ifdef __wasm__
#include <stdlib.h>
#define free(pointer) ((void)(pointer))
#pragma clang diagnostic ignored "-Wunused-parameter"
#include "plugin.c"
#endif
