/* Runs a plugin as an ordinary program, for debuggers and sanitizers: `./plugin tests` plays the transcripts in `tests`.
 *
 * The player is `turnwise test --stdio` (the command is $TURNWISE, else `turnwise`): it sends a turn a line, as JSON in the
 * spelling of JavaScript's bindings, and is answered with a decision a line. */
#ifndef __wasm__
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native.h"

/* ---- in ---------------------------------------------------------------------------------------------------------- */

static const char *text(const tw_json *object, const char *key)
{
    return tw_string(tw_get(object, key), "");
}

static const char *optional(const tw_json *object, const char *key)
{
    return tw_string(tw_get(object, key), NULL);
}

/* JSON travels as text. */
static const tw_json *json(const tw_json *object, const char *key)
{
    const char *found = optional(object, key);
    return found != NULL ? tw_json_read(found, NULL) : NULL;
}

/* The place of a name in a list. */
static unsigned place(const char *name, const char *const *names)
{
    unsigned at = 0;
    while (names[at] != NULL && strcmp(names[at], name) != 0) at++;
    return at;
}

static const tw_raw_json *raw_json(const tw_json *list, size_t *count)
{
    *count = tw_count(list);
    tw_raw_json *values = tw_alloc(*count * sizeof *values);
    for (size_t at = 0; at < *count; at++) {
        values[at] = (tw_raw_json){.name = text(tw_at(list, at), "name"), .json = text(tw_at(list, at), "value")};
    }
    return values;
}

static tw_inside context(const tw_json *from)
{
    const tw_json *user = tw_get(from, "user"), *desk = tw_get(from, "desk");
    tw_inside inside = {
        .turn =
            {
                .conversation = text(from, "conversation"),
                .source = text(from, "source"),
                .user =
                    {
                        .external_id = optional(user, "externalId"),
                        .alias_name = optional(tw_get(user, "alias"), "name"),
                        .alias_label = optional(tw_get(user, "alias"), "label"),
                        .phone = optional(user, "phone"),
                        .language = optional(user, "language"),
                        .profile_name = optional(user, "profileName"),
                    },
                .session = (uint32_t)tw_int(tw_get(from, "session"), 0),
                .number = (uint32_t)tw_int(tw_get(from, "turn"), 0),
                .now = (tw_timestamp)tw_int(tw_get(from, "now"), 0),
                .desk = (tw_desk)place(text(desk, "tag"), TW_LIST("open", "closed", "none")),
                .desk_opens = (tw_timestamp)tw_int(tw_get(desk, "val"), 0),
            },
        .random = (uint64_t)tw_int(tw_get(from, "seed"), 0),
    };
    inside.settings = raw_json(tw_get(from, "settings"), &inside.setting_count);
    inside.fields = raw_json(tw_get(from, "fields"), &inside.field_count);
    return inside;
}

static tw_message message(const tw_json *from)
{
    const tw_json *list = tw_get(from, "media");
    tw_media_file *media = tw_alloc(tw_count(list) * sizeof *media);
    for (size_t at = 0; at < tw_count(list); at++) {
        media[at] = (tw_media_file){text(tw_at(list, at), "url"), optional(tw_at(list, at), "mimeType")};
    }
    return (tw_message){
        .id = text(from, "id"),
        .text = text(from, "text"),
        .media = media,
        .media_count = tw_count(list),
        .choice = optional(from, "choice"),
        .flow_response = json(from, "flowResponse"),
        .received = (tw_timestamp)tw_int(tw_get(from, "received"), 0),
    };
}

static tw_response response(const tw_json *from)
{
    const tw_json *outcome = tw_get(from, "outcome"), *value = tw_get(outcome, "val");
    tw_response to = {.id = text(from, "id")};
    if (strcmp(text(outcome, "tag"), "ok") != 0) {
        const char *const *errors = TW_LIST("denied", "timeout", "unreachable", "too-large", "other");
        to.outcome = (tw_outcome)(TW_DENIED + place(text(value, "tag"), errors));
        to.problem = optional(value, "val");
        if (to.outcome == TW_TIMEOUT) to.problem = "the request's timeout passed";
        if (to.outcome == TW_TOO_LARGE) to.problem = "the response is over the connection's limit";
        return to;
    }
    const tw_json *list = tw_get(value, "headers");
    tw_header_line *headers = tw_alloc(tw_count(list) * sizeof *headers);
    for (size_t at = 0; at < tw_count(list); at++) {
        const tw_json *pair = tw_at(list, at);
        headers[at] = (tw_header_line){tw_string(tw_at(pair, 0), ""), tw_string(tw_at(pair, 1), "")};
    }
    to.status = (uint16_t)tw_int(tw_get(value, "status"), 0);
    to.headers = headers;
    to.header_count = tw_count(list);
    to.body = text(value, "body");
    return to;
}

static tw_handoff_update handoff_update(const tw_json *from)
{
    const tw_json *value = tw_get(from, "val");
    tw_handoff_update to = {
        .news = (tw_handoff_news)place(text(from, "tag"), TW_LIST("failed", "accepted", "returned"))};
    if (to.news == TW_HANDOFF_FAILED) to.reason = tw_string(value, "");
    if (to.news == TW_HANDOFF_ACCEPTED) to.agent = tw_string(value, NULL);
    if (to.news != TW_HANDOFF_RETURNED) return to;
    const tw_json *list = tw_get(value, "transcript");
    tw_transcript_line *lines = tw_alloc(tw_count(list) * sizeof *lines);
    for (size_t at = 0; at < tw_count(list); at++) {
        const tw_json *line = tw_at(list, at);
        lines[at].at = (tw_timestamp)tw_int(tw_get(line, "at"), 0);
        lines[at].author = (tw_author)place(text(line, "author"), TW_LIST("user", "bot", "agent"));
        lines[at].text = text(line, "text");
    }
    to.agent = optional(value, "agent");
    to.note = optional(value, "note");
    to.transcript = lines;
    to.transcript_count = tw_count(list);
    return to;
}

static tw_named_json named_json(const tw_json *from)
{
    return (tw_named_json){.name = text(from, "name"), .value = json(from, "value")};
}

static tw_event event(const tw_json *from)
{
    static const char *const types[] = {"message", "burst",           "timer",    "response", "delivery-failed",
                                        "handoff", "session-expired", "switched", "external", NULL};
    const tw_json *value = tw_get(from, "val");
    tw_event to = {.type = (tw_event_type)place(text(from, "tag"), types)};
    switch (to.type) {
    case TW_EVENT_MESSAGE: to.message = message(value); break;
    case TW_EVENT_BURST: {
        tw_message *messages = tw_alloc(tw_count(value) * sizeof *messages);
        for (size_t at = 0; at < tw_count(value); at++) messages[at] = message(tw_at(value, at));
        to.burst.messages = messages;
        to.burst.count = tw_count(value);
        break;
    }
    case TW_EVENT_TIMER:
        to.timer.name = text(value, "name");
        to.timer.payload = json(value, "payload");
        to.timer.due = (tw_timestamp)tw_int(tw_get(value, "due"), 0);
        break;
    case TW_EVENT_RESPONSE: to.response = response(value); break;
    case TW_EVENT_DELIVERY_FAILED:
        to.delivery_failed.turn = (uint32_t)tw_int(tw_get(value, "turn"), 0);
        to.delivery_failed.campaign = text(value, "campaign");
        to.delivery_failed.reason = text(value, "reason");
        to.delivery_failed.ambiguous = tw_bool(tw_get(value, "ambiguous"), false);
        break;
    case TW_EVENT_HANDOFF: to.handoff = handoff_update(value); break;
    case TW_EVENT_SESSION_EXPIRED: to.idle_seconds = (uint32_t)tw_int(value, 0); break;
    case TW_EVENT_SWITCHED: to.switched = named_json(value); break;
    case TW_EVENT_EXTERNAL: to.external = named_json(value); break;
    }
    return to;
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

static tw_json *tagged(const char *tag, const tw_json *value)
{
    tw_json *to = tw_put(tw_json_object(), "tag", tag);
    return value != NULL ? tw_put(to, "val", value) : to;
}

static tw_json *text_or_null(const char *from)
{
    return from != NULL ? tw_json_string(from) : tw_json_null();
}

static tw_json *named(const char *name, const char *value)
{
    return tw_put(tw_put(tw_json_object(), "name", name), "value", value);
}

static tw_json *pair(const char *first, const tw_json *second)
{
    return tw_add(tw_add(tw_json_array(), first), second);
}

static tw_json *properties(const tw_effect *from)
{
    tw_json *list = tw_json_array();
    for (size_t at = 0; at < from->property_count; at++) {
        tw_add(list, named(from->properties[at].name, from->properties[at].json));
    }
    return list;
}

static tw_json *reply(const tw_effect *from)
{
    tw_json *choices = tw_json_array(), *media = tw_json_null();
    for (size_t at = 0; at < from->choice_count; at++) {
        tw_json *choice = tw_put(tw_json_object(), "id", from->choices[at].id);
        tw_put(choice, "title", from->choices[at].title);
        tw_add(choices, tw_put(choice, "description", text_or_null(from->choices[at].description)));
    }
    if (from->media_url != NULL) {
        media = tw_put(tw_json_object(), "url", from->media_url);
        tw_put(media, "mimeType", text_or_null(from->media_type));
    }
    tw_json *to = tw_put(tw_put(tw_json_object(), "text", from->name), "choices", choices);
    tw_put(tw_put(to, "media", media), "campaign", text_or_null(from->campaign));
    return tw_put(to, "properties", properties(from));
}

static tw_json *change(const tw_effect *from)
{
    switch (from->change) {
    case TW_CHANGE_SET: return tagged("set", named(from->name, from->value));
    case TW_CHANGE_UNSET: return tagged("unset", tw_json_string(from->name));
    case TW_CHANGE_INCREMENT: return tagged("increment", pair(from->name, tw_json_int(from->by)));
    case TW_CHANGE_ADD: return tagged("add", pair(from->name, tw_json_string(from->value)));
    case TW_CHANGE_REMOVE: return tagged("remove", pair(from->name, tw_json_string(from->value)));
    }
    return NULL;
}

static tw_json *request(const tw_effect *from)
{
    static const char *const waiting[] = {"deliver", "hold", "cancel"};
    tw_json *headers = tw_json_array(), *to = tw_put(tw_json_object(), "id", from->id);
    for (size_t at = 0; at < from->header_count; at++) {
        tw_add(headers, pair(from->headers[at].name, tw_json_string(from->headers[at].value)));
    }
    tw_put(tw_put(to, "connection", from->name), "method", from->method);
    tw_put(tw_put(to, "path", from->path), "headers", headers);
    tw_put(tw_put(to, "body", text_or_null(from->body)), "timeout", from->timeout_seconds);
    return tw_put(to, "whileWaiting", waiting[from->while_waiting]);
}

static tw_json *handoff(const tw_effect *from)
{
    static const char *const priorities[] = {"low", "normal", "high", "urgent"};
    tw_json *to = tw_put(tw_put(tw_json_object(), "reason", from->name), "summary", from->summary);
    tw_put(tw_put(to, "team", text_or_null(from->team)), "priority", priorities[from->priority]);
    return tw_put(to, "notice", text_or_null(from->notice));
}

static tw_json *timer(const tw_effect *from)
{
    tw_json *to = tw_put(tw_put(tw_json_object(), "name", from->name), "delay", from->delay_seconds);
    return tw_put(tw_put(to, "payload", from->value), "cancelOnMessage", from->cancel_on_message);
}

static tw_json *effect(const tw_effect *from)
{
    switch (from->type) {
    case TW_EFFECT_REPLY: return tagged("reply", reply(from));
    case TW_EFFECT_SEND_CAMPAIGN:
        return tagged("send-campaign", tw_put(tw_put(tw_json_object(), "name", from->name), "properties", properties(from)));
    case TW_EFFECT_SEND_CANVAS:
        return tagged("send-canvas", tw_put(tw_put(tw_json_object(), "name", from->name), "properties", properties(from)));
    case TW_EFFECT_CHANGE_ATTRIBUTE: return tagged("change-attribute", change(from));
    case TW_EFFECT_TRACK_EVENT: return tagged("track-event", named(from->name, from->value));
    case TW_EFFECT_START_TIMER: return tagged("start-timer", timer(from));
    case TW_EFFECT_CANCEL_TIMER: return tagged("cancel-timer", tw_json_string(from->name));
    case TW_EFFECT_REQUEST: return tagged("request", request(from));
    case TW_EFFECT_HANDOFF: return tagged("handoff", handoff(from));
    case TW_EFFECT_NOTE: return tagged("note", tw_json_string(from->name));
    case TW_EFFECT_SWITCH_BOT: return tagged("switch-bot", named(from->name, from->value));
    case TW_EFFECT_END_SESSION: return tagged("end-session", tw_json_string(from->name));
    case TW_EFFECT_CUSTOM: return tagged("custom", named(from->name, from->value));
    }
    return NULL;
}

static tw_json *decision(const tw_inside *inside, const tw_result *result)
{
    static const char *const states[] = {"keep", "replace", "clear"};
    tw_json *effects = tw_json_array();
    for (size_t at = 0; at < inside->effect_count; at++) tw_add(effects, effect(&inside->effects[at]));
    const tw_json *state = result->next_state == TW_STATE_REPLACE ? tw_json_string(result->state) : NULL;
    tw_json *to = tw_put(tw_json_object(), "state", tagged(states[result->next_state], state));
    return tw_put(tw_put(to, "effects", effects), "step", text_or_null(inside->step));
}

const char *tw_native_turn(const char *line)
{
    const char *problem = NULL;
    const tw_json *turn = tw_json_read(line, &problem), *state = tw_get(turn, "state");
    if (tw_get(turn, "event") == NULL) return NULL;
    tw_inside inside = context(tw_get(turn, "context"));
    tw_event happened = event(tw_get(turn, "event"));
    tw_result result = tw_handle(&inside, tw_string(state, NULL), &happened);
    tw_json *answer = tw_json_object();
    if (result.ending == TW_DECIDED) {
        tw_put(answer, "ok", decision(&inside, &result));
    } else {
        const char *tag = result.ending == TW_BAD_STATE ? "bad-state" : "other";
        tw_put(answer, "err", tagged(tag, tw_json_string(result.error)));
    }
    return tw_json_write(answer);
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

__attribute__((weak)) void tw_log_write(tw_log_level level, const char *line)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    fprintf(stderr, "%s: %s\n", levels[level], line);
}

/* Starts the player, with pipes to and from it; false where that cannot be. */
static bool start_player(char **paths, FILE **from, FILE **to)
{
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0) return false;
    pid_t player = fork();
    if (player < 0) return false;
    if (player == 0) {
        dup2(there[0], STDIN_FILENO);
        dup2(back[1], STDOUT_FILENO);
        close(there[0]), close(there[1]), close(back[0]), close(back[1]);
        const char *command = getenv("TURNWISE");
        if (command == NULL || *command == '\0') command = "turnwise";
        size_t count = 0;
        while (paths[count] != NULL) count++;
        char **arguments = calloc(count + 5, sizeof *arguments);
        if (arguments == NULL) _exit(EXIT_FAILURE);
        arguments[0] = (char *)(uintptr_t)command;
        arguments[1] = "test";
        arguments[2] = "--stdio";
        for (size_t at = 0; at < count; at++) arguments[3 + at] = paths[at];
        execvp(command, arguments);
        fprintf(stderr, "%s does not start: set TURNWISE to the turnwise command\n", command);
        _exit(127);
    }
    close(there[0]), close(back[1]);
    *to = fdopen(there[1], "w");
    *from = fdopen(back[0], "r");
    return *to != NULL && *from != NULL;
}

/* Weak, so that a program that embeds a plugin otherwise has a main of its own. */
__attribute__((weak)) int main(int count, char **arguments)
{
    if (count < 2) {
        fprintf(stderr, "usage: %s PATH…\nplays transcripts (*.chat files, and folders of them)\n", arguments[0]);
        return 2;
    }
    /* A player that has gone is noticed where it no longer answers. */
    signal(SIGPIPE, SIG_IGN);
    FILE *from, *to;
    if (!start_player(arguments + 1, &from, &to)) {
        perror(arguments[0]);
        return 2;
    }
    char *line = NULL;
    size_t room = 0;
    int status = 2;
    while (getline(&line, &room, from) > 0) {
        const char *answer = tw_native_turn(line);
        if (answer == NULL) {
            const tw_json *done = tw_get(tw_json_read(line, NULL), "done");
            if (done != NULL) status = tw_int(tw_get(done, "failed"), 1) == 0 ? 0 : 1;
            fprintf(stderr, "%s\n", tw_string(tw_get(done, "report"), line));
            break;
        }
        fprintf(to, "%s\n", answer);
        fflush(to);
        tw_release();
    }
    free(line);
    fclose(to), fclose(from);
    while (wait(NULL) > 0) continue;
    tw_release();
    return status;
}

#endif
