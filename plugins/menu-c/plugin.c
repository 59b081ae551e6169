/* A support bot: a menu by buttons, order status asked in two steps, and an agent whenever the user wants one.
 *
 * Its conversations are in `tests/`; they are the best description of what it does. */
#include <string.h>

#include "intent.h"
#include "order.h"
#include "turnwise.h"

/* Wrong answers to one question before an agent is offered. */
#define TRIES_MAX 3
/* A longer first name is not one. */
#define NAME_CHARS_MAX 30

/* ---- the state --------------------------------------------------------------------------------------------------- */

/* Where the conversation is. */
enum step { START, MENU, AWAITING_ORDER, AWAITING_PROOF, AWAITING_AGENT };

struct state {
    enum step step;
    /* Wrong answers so far to the question that is open. */
    int tries;
    /* The order that awaits its proof. The proof itself is checked and forgotten, never stored. */
    const char *order;
};

static const tw_member members[] = {
    TW_NAMED_MEMBER(struct state, step, "start", "menu", "awaiting-order", "awaiting-proof", "awaiting-agent"),
    TW_MEMBER(struct state, tries),
    TW_MEMBER(struct state, order),
};

static struct state *state_of(tw_turn *turn)
{
    return turn->state;
}

/* Moves on to a step; its question is open anew. */
static void go_to(tw_turn *turn, enum step step, const char *order)
{
    *state_of(turn) = (struct state){.step = step, .order = order};
}

/* ---- the menu ---------------------------------------------------------------------------------------------------- */

static void show_menu(tw_turn *turn, const char *text)
{
    go_to(turn, MENU, NULL);
    tw_step(turn, "menu");
    tw_reply(turn, "%s", text);
    tw_choice(turn, "order", "Order status");
    tw_choice(turn, "hours", "Opening hours");
    tw_choice(turn, "agent", "Talk to an agent");
}

static bool is_name(const char *text)
{
    for (const char *rest = text; *rest != '\0';) {
        if (!tw_is_letter(tw_next(&rest))) return false;
    }
    return *text != '\0' && tw_length(text) <= NAME_CHARS_MAX;
}

static void greet(tw_turn *turn)
{
    /* A name of another type or an odd one is no reason not to answer. */
    const char *name = tw_trim(tw_string(tw_field(turn, "first_name"), ""));
    const char *hello = is_name(name) ? tw_format("Hi %s!", name) : "Hi!";
    show_menu(turn, tw_format("%s I can look up an order or tell you when we're open.", hello));
}

static void say_hours(tw_turn *turn)
{
    tw_set_attribute(turn, "last_intent", "opening_hours");
    const char *hours = tw_setting_string(turn, "opening_hours", "Monday to Friday, 9 to 5");
    const char *now = turn->desk == TW_DESK_OPEN     ? " We're here right now."
                      : turn->desk == TW_DESK_CLOSED ? " We're closed at the moment."
                                                     : "";
    show_menu(turn, tw_format("Our team is here %s.%s Anything else?", hours, now));
}

/* ---- an order ---------------------------------------------------------------------------------------------------- */

static void ask_order(tw_turn *turn)
{
    tw_set_attribute(turn, "last_intent", "order_status");
    go_to(turn, AWAITING_ORDER, NULL);
    tw_step(turn, "awaiting-order");
    tw_reply(turn, "What's your order number? It's in your confirmation e-mail and looks like A-12345.");
    tw_choice(turn, "menu", "Menu");
}

static void ask_proof(tw_turn *turn, const char *order)
{
    tw_set_attribute(turn, "last_intent", "order_status");
    tw_step(turn, "awaiting-proof");
    tw_reply(turn, "Thanks. And the postcode or e-mail address of order %s?", order);
    tw_choice(turn, "menu", "Menu");
    go_to(turn, AWAITING_PROOF, order);
}

static void offer_agent(tw_turn *turn, const char *text)
{
    tw_reply(turn, "%s", text);
    tw_choice(turn, "agent", "Talk to an agent");
    tw_choice(turn, "order", "Try again");
    tw_choice(turn, "menu", "Menu");
}

/* One more wrong answer to the question that is open. Whether that were too many, which starts the count anew. */
static bool has_given_up(tw_turn *turn)
{
    struct state *state = state_of(turn);
    if (++state->tries < TRIES_MAX) return false;
    state->tries = 0;
    return true;
}

static void take_order(tw_turn *turn, const tw_message *message)
{
    const char *order = order_find_number(message->text);
    if (order != NULL) {
        ask_proof(turn, order);
        return;
    }
    tw_step(turn, "awaiting-order");
    if (has_given_up(turn)) {
        offer_agent(turn, "I still can't find an order number in that. Shall I get a colleague?");
        return;
    }
    tw_reply(turn, "%s",
             state_of(turn)->tries == 1
                 ? "Hmm, that doesn't look like an order number. It's like A-12345, or 5 to 8 digits."
                 : "That one doesn't work either. Could you copy it from your confirmation e-mail?");
    tw_choice(turn, "menu", "Menu");
}

static void take_proof(tw_turn *turn, const tw_message *message)
{
    const char *order = state_of(turn)->order;
    if (order_is_proof(message->text)) {
        /* A shop with an order system would ask it here: `tw_request(turn, "shop", …)`, and answer in `on_response`. */
        tw_set_attribute(turn, "last_order_number", order);
        go_to(turn, MENU, NULL);
        tw_step(turn, "menu");
        tw_reply(turn, "Order %s %s.", order, order_status(order));
        tw_choice(turn, "order", "Another order");
        tw_choice(turn, "agent", "Talk to an agent");
        tw_choice(turn, "done", "That's all");
        return;
    }
    tw_step(turn, "awaiting-proof");
    if (has_given_up(turn)) {
        offer_agent(turn, "I can't check the order with that, sorry. Shall I get a colleague?");
        return;
    }
    tw_reply(turn, "I need the postcode it's sent to, or the e-mail address you ordered with.");
    tw_choice(turn, "menu", "Menu");
}

/* ---- an agent, and the end --------------------------------------------------------------------------------------- */

static void call_agent(tw_turn *turn)
{
    const struct state before = *state_of(turn);
    tw_set_attribute(turn, "last_intent", "agent");
    go_to(turn, AWAITING_AGENT, NULL);
    tw_step(turn, "awaiting-agent");
    tw_handoff(turn, "asked");
    if (before.step == AWAITING_ORDER) {
        tw_summary(turn, "Asked for an agent while giving an order number");
    } else if (before.step == AWAITING_PROOF) {
        tw_summary(turn, "Asked for an agent about order %s, not verified yet", before.order);
    } else {
        tw_summary(turn, "Asked for an agent");
    }
    tw_notice(turn, "One moment, I'm getting a colleague for you.");
}

static void end(tw_turn *turn, const char *text, const char *outcome)
{
    tw_reply(turn, "%s", text);
    go_to(turn, START, NULL);
    tw_end_session(turn, outcome);
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void take_wordless(tw_turn *turn)
{
    switch (state_of(turn)->step) {
    case AWAITING_ORDER:
        tw_reply(turn, "I can't open attachments. Could you type the order number?");
        tw_choice(turn, "menu", "Menu");
        return;
    case AWAITING_PROOF:
        tw_reply(turn, "I can't open attachments. Could you type the postcode or e-mail?");
        tw_choice(turn, "menu", "Menu");
        return;
    /* What a user sends while they wait is for the agent. */
    case AWAITING_AGENT: return;
    case START:
    case MENU: show_menu(turn, "I can only read text, sorry. What can I do for you?"); return;
    }
}

/* Takes a message as the answer to what was asked last. */
static void take_answer(tw_turn *turn, const tw_message *message, bool first)
{
    switch (state_of(turn)->step) {
    case AWAITING_ORDER: take_order(turn, message); return;
    case AWAITING_PROOF: take_proof(turn, message); return;
    case AWAITING_AGENT:
        tw_reply(turn, "A colleague will be with you soon. Write \"menu\" to carry on with me instead.");
        tw_step(turn, "awaiting-agent");
        return;
    case START:
    case MENU: {
        const char *order = order_find_number(message->text);
        if (order != NULL) {
            ask_proof(turn, order);
        } else if (first) {
            greet(turn);
        } else {
            show_menu(turn, "Sorry, I didn't get that. What can I do for you?");
        }
    }
    }
}

static void on_message(tw_turn *turn, const tw_message *message)
{
    enum step step = state_of(turn)->step;
    bool first = step == START;
    if (first) tw_increment_attribute(turn, "support_contact_count", 1);
    if (tw_is_wordless(message)) {
        take_wordless(turn);
        return;
    }
    /* While a question is open, these are topics only when their button is tapped: a typed answer may contain the words. */
    bool is_topic = step == START || step == MENU || message->choice != NULL;
    switch (intent_of(message)) {
    case INTENT_MENU: show_menu(turn, "What can I do for you?"); return;
    case INTENT_AGENT: call_agent(turn); return;
    case INTENT_STOP: end(turn, "Okay. Write any time if you need me.", "stopped"); return;
    case INTENT_DONE: end(turn, "Glad to help. Have a good day!", "solved"); return;
    case INTENT_ORDER:
        if (!is_topic) break;
        ask_order(turn);
        return;
    case INTENT_HOURS:
        if (!is_topic) break;
        say_hours(turn);
        return;
    case INTENT_NONE: break;
    }
    take_answer(turn, message, first);
}

static void on_handoff(tw_turn *turn, const tw_handoff_update *update)
{
    switch (update->news) {
    case TW_HANDOFF_FAILED:
        show_menu(turn, "Sorry, nobody is free right now. You can try again later, or see if I can help:");
        return;
    /* The agent speaks now. */
    case TW_HANDOFF_ACCEPTED: go_to(turn, AWAITING_AGENT, NULL); return;
    case TW_HANDOFF_RETURNED: show_menu(turn, "It's me again, the bot. Anything else I can do?"); return;
    }
}

static void on_delivery_failed(tw_turn *turn, const tw_delivery_failure *failure)
{
    (void)turn;
    /* Saying it again could say it twice, and whatever kept it from arriving would keep this from arriving. */
    const char *doubt = failure->ambiguous ? " (it may have arrived all the same)" : "";
    tw_warn("what turn %u said was not delivered%s: %s", (unsigned)failure->turn, doubt, failure->reason);
}

const tw_plugin plugin = {
    .name = "menu",
    .version = "0.1.0",
    .state = TW_STATE(struct state, members),
    .steps = TW_LIST("menu", "awaiting-order", "awaiting-proof", "awaiting-agent"),
    /* The words "agent", "menu", "help" and "stop" are understood here, so that their answers fit the rest. */
    .handles = TW_LIST("commands"),
    .on_message = on_message,
    .on_handoff = on_handoff,
    .on_delivery_failed = on_delivery_failed,
};
