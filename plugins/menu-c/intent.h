#ifndef INTENT_H
#define INTENT_H

#include "turnwise.h"

/* What a message asks for. */
enum intent { INTENT_NONE, INTENT_MENU, INTENT_AGENT, INTENT_STOP, INTENT_DONE, INTENT_ORDER, INTENT_HOURS };

/* By the button tapped, or else by its words. */
enum intent intent_of(const tw_message *message);

#endif
