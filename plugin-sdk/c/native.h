/* A turn as a line of JSON; see native.c. */
#ifndef TURNWISE_NATIVE_H
#define TURNWISE_NATIVE_H

#include "internal.h"

/* Runs the plugin on `{"context":…,"state":…,"event":…}` and returns its answer; NULL for a line that is no turn. */
const char *tw_native_turn(const char *line);

#endif
