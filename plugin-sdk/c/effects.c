/* What a turn can ask for: every effect of the contract, by name. */
#include <string.h>

#include "internal.h"

/* ---- asking and saying more -------------------------------------------------------------------------------------- */

static tw_effect *push(tw_turn *turn, tw_effect_type type, const char *name)
{
    tw_inside *inside = tw_inside_of(turn);
    inside->effects = tw_grow(inside->effects, inside->effect_count, sizeof *inside->effects);
    tw_effect *effect = &inside->effects[inside->effect_count++];
    *effect = (tw_effect){.type = type, .name = tw_keep(name)};
    return effect;
}

static tw_effect *push_json(tw_turn *turn, tw_effect_type type, const char *name, const tw_json *value)
{
    tw_effect *effect = push(turn, type, name);
    effect->value = tw_json_write(value);
    return effect;
}

/* A list of the types there are, as bits. */
typedef uint32_t types;
#define OF(type) ((types)1 << (type))

/* The effect asked for last, if it is of these types. Otherwise the turn fails, and what is said goes nowhere. */
static tw_effect *last(tw_turn *turn, types wanted, const char *function, const char *what)
{
    static tw_effect nowhere;
    tw_inside *inside = tw_inside_of(turn);
    if (inside->effect_count > 0) {
        tw_effect *effect = &inside->effects[inside->effect_count - 1];
        if (wanted & OF(effect->type)) return effect;
    }
    tw_fail(turn, "%s says more about %s, but that is not what was asked for last", function, what);
    nowhere = (tw_effect){0};
    return &nowhere;
}

#define LAST_REPLY last(turn, OF(TW_EFFECT_REPLY), __func__, "a tw_reply")
#define LAST_TIMER last(turn, OF(TW_EFFECT_START_TIMER), __func__, "a tw_start_timer")
#define LAST_REQUEST last(turn, OF(TW_EFFECT_REQUEST), __func__, "a tw_request")
#define LAST_HANDOFF last(turn, OF(TW_EFFECT_HANDOFF), __func__, "a tw_handoff")

/* A printf-style function's text. */
#define FORMATTED(text)                                                                                                \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    const char *text = tw_format_list(format, arguments);                                                              \
    va_end(arguments)

/* ---- replies and campaigns --------------------------------------------------------------------------------------- */

void tw_reply(tw_turn *turn, const char *format, ...)
{
    FORMATTED(text);
    push(turn, TW_EFFECT_REPLY, text);
}

static tw_choice_offered *offer(tw_effect *reply, const char *id, const char *title)
{
    reply->choices = tw_grow(reply->choices, reply->choice_count, sizeof *reply->choices);
    tw_choice_offered *choice = &reply->choices[reply->choice_count++];
    *choice = (tw_choice_offered){.id = tw_keep(id), .title = tw_keep(title)};
    return choice;
}

void tw_choice(tw_turn *turn, const char *id, const char *title)
{
    offer(LAST_REPLY, id, title);
}

void tw_choice_described(tw_turn *turn, const char *id, const char *title, const char *description)
{
    offer(LAST_REPLY, id, title)->description = tw_keep(description);
}

void tw_media(tw_turn *turn, const char *url, const char *mime_type)
{
    tw_effect *reply = LAST_REPLY;
    reply->media_url = tw_keep(url);
    reply->media_type = mime_type != NULL ? tw_keep(mime_type) : NULL;
}

void tw_campaign(tw_turn *turn, const char *name)
{
    LAST_REPLY->campaign = tw_keep(name);
}

void tw_property_json(tw_turn *turn, const char *name, const tw_json *value)
{
    types wanted = OF(TW_EFFECT_REPLY) | OF(TW_EFFECT_SEND_CAMPAIGN) | OF(TW_EFFECT_SEND_CANVAS);
    tw_effect *effect = last(turn, wanted, "tw_property", "a tw_reply, tw_send_campaign or tw_send_canvas");
    effect->properties = tw_grow(effect->properties, effect->property_count, sizeof *effect->properties);
    effect->properties[effect->property_count++] = (tw_raw_json){.name = tw_keep(name), .json = tw_json_write(value)};
}

void tw_send_campaign(tw_turn *turn, const char *name)
{
    push(turn, TW_EFFECT_SEND_CAMPAIGN, name);
}

void tw_send_canvas(tw_turn *turn, const char *name)
{
    push(turn, TW_EFFECT_SEND_CANVAS, name);
}

/* ---- the profile ------------------------------------------------------------------------------------------------- */

static tw_effect *change(tw_turn *turn, const char *name, tw_change change)
{
    tw_effect *effect = push(turn, TW_EFFECT_CHANGE_ATTRIBUTE, name);
    effect->change = change;
    return effect;
}

void tw_set_attribute_json(tw_turn *turn, const char *name, const tw_json *value)
{
    change(turn, name, TW_CHANGE_SET)->value = tw_json_write(value);
}

void tw_unset_attribute(tw_turn *turn, const char *name)
{
    change(turn, name, TW_CHANGE_UNSET);
}

void tw_increment_attribute(tw_turn *turn, const char *name, int32_t by)
{
    change(turn, name, TW_CHANGE_INCREMENT)->by = by;
}

void tw_add_to_attribute(tw_turn *turn, const char *name, const char *text)
{
    change(turn, name, TW_CHANGE_ADD)->value = tw_keep(text);
}

void tw_remove_from_attribute(tw_turn *turn, const char *name, const char *text)
{
    change(turn, name, TW_CHANGE_REMOVE)->value = tw_keep(text);
}

void tw_track_event_json(tw_turn *turn, const char *name, const tw_json *properties)
{
    push_json(turn, TW_EFFECT_TRACK_EVENT, name, properties);
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

void tw_start_timer(tw_turn *turn, const char *name, uint32_t delay_seconds)
{
    tw_effect *timer = push(turn, TW_EFFECT_START_TIMER, name);
    timer->delay_seconds = delay_seconds;
    timer->value = "null";
}

void tw_payload_json(tw_turn *turn, const tw_json *value)
{
    last(turn, OF(TW_EFFECT_START_TIMER), "tw_payload", "a tw_start_timer")->value = tw_json_write(value);
}

void tw_cancel_on_message(tw_turn *turn)
{
    LAST_TIMER->cancel_on_message = true;
}

void tw_cancel_timer(tw_turn *turn, const char *name)
{
    push(turn, TW_EFFECT_CANCEL_TIMER, name);
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

#define TIMEOUT_SECONDS 10

void tw_request(tw_turn *turn, const char *connection, const char *path)
{
    tw_effect *request = push(turn, TW_EFFECT_REQUEST, connection);
    request->id = request->name;
    request->method = "GET";
    request->path = tw_keep(path);
    request->timeout_seconds = TIMEOUT_SECONDS;
}

void tw_id(tw_turn *turn, const char *id)
{
    LAST_REQUEST->id = tw_keep(id);
}

void tw_method(tw_turn *turn, const char *method)
{
    LAST_REQUEST->method = tw_keep(method);
}

static void add_header(tw_effect *request, const char *name, const char *value)
{
    request->headers = tw_grow(request->headers, request->header_count, sizeof *request->headers);
    request->headers[request->header_count++] = (tw_header_line){.name = tw_keep(name), .value = tw_keep(value)};
}

void tw_header(tw_turn *turn, const char *name, const char *value)
{
    add_header(LAST_REQUEST, name, value);
}

void tw_body(tw_turn *turn, const char *text)
{
    LAST_REQUEST->body = tw_keep(text);
}

void tw_body_json_of(tw_turn *turn, const tw_json *value)
{
    tw_effect *request = last(turn, OF(TW_EFFECT_REQUEST), "tw_body_json", "a tw_request");
    request->method = "POST";
    add_header(request, "content-type", "application/json");
    request->body = tw_json_write(value);
}

void tw_timeout_seconds(tw_turn *turn, uint32_t seconds)
{
    LAST_REQUEST->timeout_seconds = seconds;
}

void tw_while_waiting(tw_turn *turn, tw_waiting what)
{
    LAST_REQUEST->while_waiting = what;
}

/* ---- people ------------------------------------------------------------------------------------------------------ */

void tw_handoff(tw_turn *turn, const char *reason)
{
    tw_effect *handoff = push(turn, TW_EFFECT_HANDOFF, reason);
    handoff->summary = "";
    handoff->priority = TW_NORMAL;
}

void tw_summary(tw_turn *turn, const char *format, ...)
{
    FORMATTED(text);
    LAST_HANDOFF->summary = tw_keep(text);
}

void tw_notice(tw_turn *turn, const char *format, ...)
{
    FORMATTED(text);
    LAST_HANDOFF->notice = tw_keep(text);
}

void tw_team(tw_turn *turn, const char *name)
{
    LAST_HANDOFF->team = tw_keep(name);
}

void tw_priority(tw_turn *turn, tw_urgency priority)
{
    LAST_HANDOFF->priority = priority;
}

void tw_note(tw_turn *turn, const char *format, ...)
{
    FORMATTED(text);
    push(turn, TW_EFFECT_NOTE, text);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

void tw_switch_bot_json(tw_turn *turn, const char *bot, const tw_json *payload)
{
    push_json(turn, TW_EFFECT_SWITCH_BOT, bot, payload);
}

void tw_end_session(tw_turn *turn, const char *outcome)
{
    push(turn, TW_EFFECT_END_SESSION, outcome);
}

void tw_custom_json(tw_turn *turn, const char *name, const tw_json *value)
{
    push_json(turn, TW_EFFECT_CUSTOM, name, value);
}

void tw_step(tw_turn *turn, const char *name)
{
    tw_inside_of(turn)->step = tw_keep(name);
}
