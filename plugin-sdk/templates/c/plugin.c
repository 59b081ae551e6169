/* A bot that remembers what it is told. */
#include <string.h>

#include "turnwise.h"

/* What the bot remembers of one conversation. Members that are new are zero in conversations that are older. */
struct state {
    const char *note;
};

static const tw_member members[] = {
    TW_MEMBER(struct state, note),
};

/* Called for every message. What is asked of `turn` is done once this has returned; after `tw_fail` nothing is. */
static void on_message(tw_turn *turn, const tw_message *message)
{
    static const char remember[] = "remember ";
    struct state *state = turn->state;
    if (tw_chose(message, "forget")) {
        state->note = NULL;
        tw_reply(turn, "Forgotten.");
    } else if (strncmp(message->text, remember, strlen(remember)) == 0) {
        state->note = message->text + strlen(remember);
        tw_reply(turn, "I will remember %s.", state->note);
        tw_choice(turn, "forget", "Forget it");
    } else if (state->note != NULL) {
        tw_reply(turn, "You told me to remember %s.", state->note);
        tw_choice(turn, "forget", "Forget it");
    } else {
        tw_reply(turn, "Hello! Write \"remember\" and what I should remember.");
    }
}

const tw_plugin plugin = {
    .name = "{{name}}",
    .version = "0.1.0",
    .state = TW_STATE(struct state, members),
    .on_message = on_message,
};
