/* A turn from its beginning to its end: state in, event to its handler, decision out. */
#include <string.h>

#include "internal.h"

/* ---- what happens to events that a plugin has no handler for ------------------------------------------------------ */

static void burst(tw_turn *turn, const tw_message *messages, size_t count)
{
    if (plugin.on_burst != NULL) {
        plugin.on_burst(turn, messages, count);
        return;
    }
    /* As where each came alone: the first that fails ends it. */
    for (size_t at = 0; at < count && tw_inside_of(turn)->failure == NULL; at++) plugin.on_message(turn, &messages[at]);
}

void tw_dispatch(tw_turn *turn, const tw_event *event)
{
    switch (event->type) {
    case TW_EVENT_MESSAGE: plugin.on_message(turn, &event->message); return;
    case TW_EVENT_BURST: burst(turn, event->burst.messages, event->burst.count); return;
    case TW_EVENT_TIMER:
        if (plugin.on_timer != NULL) {
            plugin.on_timer(turn, &event->timer);
        } else {
            tw_warn("no on_timer handles the timer %s", event->timer.name);
        }
        return;
    case TW_EVENT_RESPONSE:
        if (plugin.on_response != NULL) {
            plugin.on_response(turn, &event->response);
        } else {
            tw_warn("no on_response handles the response to %s", event->response.id);
        }
        return;
    case TW_EVENT_DELIVERY_FAILED:
        if (plugin.on_delivery_failed != NULL) {
            plugin.on_delivery_failed(turn, &event->delivery_failed);
        } else {
            const tw_delivery_failure *failure = &event->delivery_failed;
            tw_warn("campaign %s of turn %u was not delivered: %s", failure->campaign, (unsigned)failure->turn,
                    failure->reason);
        }
        return;
    case TW_EVENT_HANDOFF:
        if (plugin.on_handoff != NULL) plugin.on_handoff(turn, &event->handoff);
        return;
    case TW_EVENT_SESSION_EXPIRED:
        if (plugin.on_session_expired != NULL) {
            plugin.on_session_expired(turn, event->idle_seconds);
        } else {
            tw_clear_state(turn);
        }
        return;
    case TW_EVENT_SWITCHED:
        if (plugin.on_switched != NULL) {
            plugin.on_switched(turn, &event->switched);
        } else {
            tw_warn("no on_switched handles the conversation that came from %s", event->switched.name);
        }
        return;
    case TW_EVENT_EXTERNAL:
        if (plugin.on_external != NULL) {
            plugin.on_external(turn, &event->external);
        } else {
            tw_warn("no on_external handles %s", event->external.name);
        }
        return;
    }
}

void tw_clear_state(tw_turn *turn)
{
    if (turn->state != NULL) memset(turn->state, 0, plugin.state.size);
}

/* ---- beginning and end -------------------------------------------------------------------------------------------- */

/* A state that is all zero is not stored at all, and one that did not change is kept, so that a plugin without state never
 * writes any. After a session has expired "keep" would mean "clear", so it is not said. */
static tw_result finish(const tw_inside *inside, const char *before, bool expired)
{
    const char *problem = NULL, *after = tw_state_write(&plugin.state, inside->turn.state, &problem);
    if (problem != NULL) return (tw_result){.ending = TW_OTHER, .error = tw_format("writing the state: %s", problem)};
    /* Writing the state can fail the turn, too. */
    if (inside->failure != NULL) return (tw_result){.ending = TW_OTHER, .error = inside->failure};
    tw_result result = {.ending = TW_DECIDED, .next_state = TW_STATE_KEEP};
    if (after == NULL) {
        if (before != NULL) result.next_state = TW_STATE_CLEAR;
    } else if (before == NULL || expired || strcmp(before, after) != 0) {
        result.next_state = TW_STATE_REPLACE;
        result.state = after;
    }
    return result;
}

tw_result tw_handle(tw_inside *inside, const char *state, const tw_event *event)
{
    tw_under_way = inside;
    tw_turn *turn = &inside->turn;
    turn->state = tw_alloc(plugin.state.size);
    tw_result result;
    const char *problem = NULL;
    if (state != NULL && !tw_state_read(&plugin.state, turn->state, state, &problem)) {
        result = (tw_result){.ending = TW_BAD_STATE, .error = problem};
    } else {
        if (plugin.on_event != NULL) {
            plugin.on_event(turn, event);
        } else {
            tw_dispatch(turn, event);
        }
        result = finish(inside, state, event->type == TW_EVENT_SESSION_EXPIRED);
    }
    tw_under_way = NULL;
    return result;
}

const char *tw_migrate(const char *state, uint32_t from, const char **error)
{
    if (plugin.migrate == NULL) return state;
    tw_json *value = tw_json_read(state, error);
    if (value == NULL) return NULL;
    value = plugin.migrate(value, from);
    if (value == NULL) {
        *error = tw_format("a state of version %u cannot be migrated", (unsigned)from);
        return NULL;
    }
    return tw_json_write(value);
}
