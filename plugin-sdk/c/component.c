/* Between the SDK and the component's exports: the contract's types, as generated at build time, to ours and back. */
#ifdef __wasm__
#include <string.h>

#include "internal.h"
#include "plugin.h"

typedef plugin_string_t wire_string;
typedef turnwise_bot_types_list_named_json_t wire_named_list;

/* Room for what comes in, in place of the generated one. A byte more than asked for, so that texts end in NUL where they lie. */
__attribute__((__export_name__("cabi_realloc"))) void *cabi_realloc(void *before, size_t before_bytes, size_t align, size_t bytes)
{
    (void)align;
    char *reserved = tw_reserve(bytes + 1);
    if (before_bytes > 0) memcpy(reserved, before, before_bytes < bytes ? before_bytes : bytes);
    reserved[bytes] = '\0';
    return reserved;
}

/* ---- in ---------------------------------------------------------------------------------------------------------- */

static const char *text(wire_string from)
{
    return tw_take((char *)from.ptr, from.len);
}

static const char *optional(plugin_option_string_t from)
{
    return from.is_some ? text(from.val) : NULL;
}

static const tw_raw_json *raw_json(wire_named_list from)
{
    tw_raw_json *list = tw_reserve(from.len * sizeof *list);
    for (size_t at = 0; at < from.len; at++) {
        list[at] = (tw_raw_json){.name = text(from.ptr[at].name), .json = text(from.ptr[at].value)};
    }
    return list;
}

static tw_inside begin(const turnwise_bot_types_context_t *from)
{
    tw_inside inside = {
        .turn =
            {
                .conversation = text(from->conversation),
                .source = text(from->source),
                .user =
                    {
                        .external_id = optional(from->user.external_id),
                        .phone = optional(from->user.phone),
                        .language = optional(from->user.language),
                        .profile_name = optional(from->user.profile_name),
                    },
                .session = from->session,
                .number = from->turn,
                .now = from->now,
                .desk = (tw_desk)from->desk.tag,
            },
        .settings = raw_json(from->settings),
        .setting_count = from->settings.len,
        .fields = raw_json(from->fields),
        .field_count = from->fields.len,
        .random = from->seed,
    };
    if (from->user.alias.is_some) {
        inside.turn.user.alias_name = text(from->user.alias.val.name);
        inside.turn.user.alias_label = text(from->user.alias.val.label);
    }
    if (from->desk.tag == TURNWISE_BOT_TYPES_DESK_STATUS_CLOSED && from->desk.val.closed.is_some) {
        inside.turn.desk_opens = from->desk.val.closed.val;
    }
    return inside;
}

static tw_message message(const turnwise_bot_types_message_t *from)
{
    tw_media_file *media = tw_reserve(from->media.len * sizeof *media);
    for (size_t at = 0; at < from->media.len; at++) {
        media[at].url = text(from->media.ptr[at].url);
        media[at].mime_type = optional(from->media.ptr[at].mime_type);
    }
    return (tw_message){
        .id = text(from->id),
        .text = text(from->text),
        .media = media,
        .media_count = from->media.len,
        .choice = optional(from->choice),
        .flow_response = from->flow_response.is_some ? tw_json_read(text(from->flow_response.val), NULL) : NULL,
        .received = from->received,
    };
}

static tw_response response(const turnwise_bot_types_response_t *from)
{
    tw_response to = {.id = text(from->id)};
    if (from->outcome.is_err) {
        const turnwise_bot_types_request_error_t *error = &from->outcome.val.err;
        to.outcome = TW_DENIED + (tw_outcome)error->tag;
        switch (to.outcome) {
        case TW_DENIED: to.problem = text(error->val.denied); break;
        case TW_TIMEOUT: to.problem = "the request's timeout passed"; break;
        case TW_UNREACHABLE: to.problem = text(error->val.unreachable); break;
        case TW_TOO_LARGE: to.problem = "the response is over the connection's limit"; break;
        case TW_OTHER_ERROR: to.problem = text(error->val.other); break;
        case TW_RESPONDED: break;
        }
        return to;
    }
    const turnwise_bot_types_http_response_t *http = &from->outcome.val.ok;
    tw_header_line *headers = tw_reserve(http->headers.len * sizeof *headers);
    for (size_t at = 0; at < http->headers.len; at++) {
        headers[at] = (tw_header_line){.name = text(http->headers.ptr[at].f0), .value = text(http->headers.ptr[at].f1)};
    }
    to.status = http->status;
    to.headers = headers;
    to.header_count = http->headers.len;
    to.body = text(http->body);
    return to;
}

static tw_handoff_update handoff_update(const turnwise_bot_types_handoff_update_t *from)
{
    tw_handoff_update to = {.news = (tw_handoff_news)from->tag};
    switch (to.news) {
    case TW_HANDOFF_FAILED: to.reason = text(from->val.failed); break;
    case TW_HANDOFF_ACCEPTED: to.agent = optional(from->val.accepted); break;
    case TW_HANDOFF_RETURNED: {
        const turnwise_bot_types_handoff_return_t *returned = &from->val.returned;
        tw_transcript_line *lines = tw_reserve(returned->transcript.len * sizeof *lines);
        for (size_t at = 0; at < returned->transcript.len; at++) {
            const turnwise_bot_types_transcript_line_t *line = &returned->transcript.ptr[at];
            lines[at] = (tw_transcript_line){.at = line->at, .author = (tw_author)line->author, .text = text(line->text)};
        }
        to.agent = optional(returned->agent);
        to.note = optional(returned->note);
        to.transcript = lines;
        to.transcript_count = returned->transcript.len;
        break;
    }
    }
    return to;
}

static tw_named_json named_json(const turnwise_bot_types_named_json_t *from)
{
    return (tw_named_json){.name = text(from->name), .value = tw_json_read(text(from->value), NULL)};
}

static tw_event event(const turnwise_bot_types_event_t *from)
{
    tw_event to = {.type = (tw_event_type)from->tag};
    switch (to.type) {
    case TW_EVENT_MESSAGE: to.message = message(&from->val.message); break;
    case TW_EVENT_BURST: {
        tw_message *messages = tw_reserve(from->val.burst.len * sizeof *messages);
        for (size_t at = 0; at < from->val.burst.len; at++) messages[at] = message(&from->val.burst.ptr[at]);
        to.burst.messages = messages;
        to.burst.count = from->val.burst.len;
        break;
    }
    case TW_EVENT_TIMER:
        to.timer.name = text(from->val.timer.name);
        to.timer.payload = tw_json_read(text(from->val.timer.payload), NULL);
        to.timer.due = from->val.timer.due;
        break;
    case TW_EVENT_RESPONSE: to.response = response(&from->val.response); break;
    case TW_EVENT_DELIVERY_FAILED:
        to.delivery_failed.turn = from->val.delivery_failed.turn;
        to.delivery_failed.campaign = text(from->val.delivery_failed.campaign);
        to.delivery_failed.reason = text(from->val.delivery_failed.reason);
        to.delivery_failed.ambiguous = from->val.delivery_failed.ambiguous;
        break;
    case TW_EVENT_HANDOFF: to.handoff = handoff_update(&from->val.handoff); break;
    case TW_EVENT_SESSION_EXPIRED: to.idle_seconds = from->val.session_expired; break;
    case TW_EVENT_SWITCHED: to.switched = named_json(&from->val.switched); break;
    case TW_EVENT_EXTERNAL: to.external = named_json(&from->val.external); break;
    }
    return to;
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

static wire_string wire(const char *from)
{
    return (wire_string){(uint8_t *)(uintptr_t)from, strlen(from)};
}

static plugin_option_string_t wire_optional(const char *from)
{
    plugin_option_string_t to = {.is_some = from != NULL};
    if (from != NULL) to.val = wire(from);
    return to;
}

static turnwise_bot_types_named_json_t wire_named(const tw_effect *from)
{
    return (turnwise_bot_types_named_json_t){wire(from->name), wire(from->value)};
}

static plugin_tuple2_string_string_t wire_pair(const char *first, const char *second)
{
    return (plugin_tuple2_string_string_t){wire(first), wire(second)};
}

static wire_named_list wire_properties(const tw_effect *from)
{
    wire_named_list to = {tw_reserve(from->property_count * sizeof *to.ptr), from->property_count};
    for (size_t at = 0; at < to.len; at++) {
        to.ptr[at].name = wire(from->properties[at].name);
        to.ptr[at].value = wire(from->properties[at].json);
    }
    return to;
}

static turnwise_bot_types_reply_t wire_reply(const tw_effect *from)
{
    turnwise_bot_types_reply_t to = {
        .text = wire(from->name),
        .choices = {tw_reserve(from->choice_count * sizeof *to.choices.ptr), from->choice_count},
        .media = {.is_some = from->media_url != NULL},
        .campaign = wire_optional(from->campaign),
        .properties = wire_properties(from),
    };
    for (size_t at = 0; at < to.choices.len; at++) {
        const tw_choice_offered *choice = &from->choices[at];
        to.choices.ptr[at].id = wire(choice->id);
        to.choices.ptr[at].title = wire(choice->title);
        to.choices.ptr[at].description = wire_optional(choice->description);
    }
    if (to.media.is_some) {
        to.media.val.url = wire(from->media_url);
        to.media.val.mime_type = wire_optional(from->media_type);
    }
    return to;
}

static turnwise_bot_types_attribute_change_t wire_change(const tw_effect *from)
{
    turnwise_bot_types_attribute_change_t to = {.tag = (uint8_t)from->change};
    switch (from->change) {
    case TW_CHANGE_SET: to.val.set = wire_named(from); break;
    case TW_CHANGE_UNSET: to.val.unset = wire(from->name); break;
    case TW_CHANGE_INCREMENT: to.val.increment = (plugin_tuple2_string_s32_t){wire(from->name), from->by}; break;
    case TW_CHANGE_ADD: to.val.add = wire_pair(from->name, from->value); break;
    case TW_CHANGE_REMOVE: to.val.remove = wire_pair(from->name, from->value); break;
    }
    return to;
}

static turnwise_bot_types_request_t wire_request(const tw_effect *from)
{
    turnwise_bot_types_request_t to = {
        .id = wire(from->id),
        .connection = wire(from->name),
        .method = wire(from->method),
        .path = wire(from->path),
        .headers = {tw_reserve(from->header_count * sizeof *to.headers.ptr), from->header_count},
        .body = wire_optional(from->body),
        .timeout = from->timeout_seconds,
        .while_waiting = (uint8_t)from->while_waiting,
    };
    for (size_t at = 0; at < to.headers.len; at++) {
        to.headers.ptr[at] = wire_pair(from->headers[at].name, from->headers[at].value);
    }
    return to;
}

static turnwise_bot_types_effect_t wire_effect(const tw_effect *from)
{
    turnwise_bot_types_effect_t to = {.tag = (uint8_t)from->type};
    switch (from->type) {
    case TW_EFFECT_REPLY: to.val.reply = wire_reply(from); break;
    case TW_EFFECT_SEND_CAMPAIGN:
    case TW_EFFECT_SEND_CANVAS:
        /* Both are the same record, at the same place. */
        to.val.send_campaign = (turnwise_bot_types_campaign_t){wire(from->name), wire_properties(from)};
        break;
    case TW_EFFECT_CHANGE_ATTRIBUTE: to.val.change_attribute = wire_change(from); break;
    case TW_EFFECT_START_TIMER:
        to.val.start_timer = (turnwise_bot_types_timer_t){
            .name = wire(from->name),
            .delay = from->delay_seconds,
            .payload = wire(from->value),
            .cancel_on_message = from->cancel_on_message,
        };
        break;
    case TW_EFFECT_REQUEST: to.val.request = wire_request(from); break;
    case TW_EFFECT_HANDOFF:
        to.val.handoff = (turnwise_bot_types_handoff_t){
            .reason = wire(from->name),
            .summary = wire(from->summary),
            .team = wire_optional(from->team),
            .priority = (uint8_t)from->priority,
            .notice = wire_optional(from->notice),
        };
        break;
    case TW_EFFECT_TRACK_EVENT:
    case TW_EFFECT_SWITCH_BOT:
    case TW_EFFECT_CUSTOM: to.val.custom = wire_named(from); break;
    case TW_EFFECT_CANCEL_TIMER:
    case TW_EFFECT_NOTE:
    case TW_EFFECT_END_SESSION: to.val.note = wire(from->name); break;
    }
    return to;
}

static plugin_list_string_t wire_texts(const char *const *from)
{
    plugin_list_string_t to = {0};
    if (from == NULL) return to;
    while (from[to.len] != NULL) to.len++;
    to.ptr = tw_reserve(to.len * sizeof *to.ptr);
    for (size_t at = 0; at < to.len; at++) to.ptr[at] = wire(from[at]);
    return to;
}

/* ---- the exports ------------------------------------------------------------------------------------------------- */

bool exports_turnwise_bot_bot_handle(turnwise_bot_types_context_t *context, wire_string *state,
                                     turnwise_bot_types_event_t *from, turnwise_bot_types_decision_t *decision,
                                     turnwise_bot_types_error_t *error)
{
    tw_inside inside = begin(context);
    tw_event to = event(from);
    tw_result result = tw_handle(&inside, state != NULL ? text(*state) : NULL, &to);
    if (result.ending != TW_DECIDED) {
        bool bad_state = result.ending == TW_BAD_STATE;
        error->tag = bad_state ? TURNWISE_BOT_TYPES_ERROR_BAD_STATE : TURNWISE_BOT_TYPES_ERROR_OTHER;
        error->val.other = wire(result.error);
        return false;
    }
    decision->state.tag = (uint8_t)result.next_state;
    if (result.next_state == TW_STATE_REPLACE) decision->state.val.replace = wire(result.state);
    decision->effects.ptr = tw_reserve(inside.effect_count * sizeof *decision->effects.ptr);
    decision->effects.len = inside.effect_count;
    for (size_t at = 0; at < inside.effect_count; at++) decision->effects.ptr[at] = wire_effect(&inside.effects[at]);
    decision->step = wire_optional(inside.step);
    return true;
}

void exports_turnwise_bot_manifest_describe(exports_turnwise_bot_manifest_description_t *description)
{
    *description = (exports_turnwise_bot_manifest_description_t){
        .name = wire(plugin.name),
        .version = wire(plugin.version),
        .state_version = plugin.state_version > 0 ? plugin.state_version : 1,
        .steps = wire_texts(plugin.steps),
        .connections = wire_texts(plugin.connections),
        .campaigns = wire_texts(plugin.campaigns),
        .handles = wire_texts(plugin.handles),
    };
}

bool exports_turnwise_bot_migration_migrate(wire_string *state, uint32_t from, wire_string *migrated,
                                            turnwise_bot_types_error_t *error)
{
    const char *problem = NULL, *to = tw_migrate(text(*state), from, &problem);
    if (to != NULL) {
        *migrated = wire(to);
        return true;
    }
    error->tag = TURNWISE_BOT_TYPES_ERROR_BAD_STATE;
    error->val.bad_state = wire(problem);
    return false;
}

/* ---- the log ----------------------------------------------------------------------------------------------------- */

void tw_log_write(tw_log_level level, const char *line)
{
    wire_string message = wire(tw_mend(line));
    turnwise_bot_log_write((turnwise_bot_log_level_t)level, &message);
}

/* What a failed `assert` says goes to the turn's log before the trap, without the whole of stdio. */
_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function)
{
    tw_error("%s:%d: %s: assertion failed: %s", file, line, function, expression);
    __builtin_trap();
}

#endif
