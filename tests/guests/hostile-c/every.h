#ifndef EVERY_H
#define EVERY_H

#include "turnwise.h"

/* What the SDK makes of an event, as a text with all that is in it. */
const char *describe(const tw_event *event);

/* Asks for an effect of every kind, with everything that can be said about it: "first" or "second" half. */
bool every_effect(tw_turn *turn, const char *half);

#endif
