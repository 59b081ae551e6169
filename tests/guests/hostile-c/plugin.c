/* A guest that does, on request, what no plugin should: the text of a message says what. Anything else is echoed.
 *
 * It goes around the SDK where the SDK would not let it: `internal.h` is for nobody else. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "every.h"
#include "internal.h"
#include "plugin.h"

/* The host's limit. */
#define STATE_BYTES_MAX (64 * 1024)
/* Additions that take about a millisecond in compiled code. */
#define SPINS_PER_MILLISECOND 1700000

struct state {
    const char *remembered;
};

static const tw_member members[] = {TW_MEMBER(struct state, remembered)};

/* Survives a turn only where an instance does. */
static unsigned calls;

/* What the compiler must not see through. */
static volatile uint32_t sink;

static tw_effect *last_effect(tw_turn *turn)
{
    tw_inside *inside = tw_inside_of(turn);
    return &inside->effects[inside->effect_count - 1];
}

static char *filled(size_t bytes)
{
    char *text = tw_alloc(bytes + 1);
    memset(text, 'x', bytes);
    return text;
}

/* Goes deeper for ever. What is added after the call keeps it from becoming a loop. */
static uint32_t descend(uint32_t depth)
{
    sink = depth;
    return descend(depth + 1) + sink;
}

/* So many effects that all point to one text, as no list of the SDK's would. */
static void alias_bomb(tw_turn *turn, size_t count, size_t bytes)
{
    tw_inside *inside = tw_inside_of(turn);
    const char *text = filled(bytes);
    inside->effects = tw_alloc(count * sizeof *inside->effects);
    inside->effect_count = count;
    for (size_t at = 0; at < count; at++) inside->effects[at] = (tw_effect){.type = TW_EFFECT_NOTE, .name = text};
}

static bool says(const tw_message *message, const char *text)
{
    return strcmp(message->text, text) == 0;
}

/* ---- what ends a turn -------------------------------------------------------------------------------------------- */

static bool traps(tw_turn *turn, const tw_message *message)
{
    if (says(message, "panic") || says(message, "abort")) {
        fputs("asked to abort\n", stderr);
        abort();
    }
    if (says(message, "assert")) assert(says(message, "anything else"));
    if (says(message, "exit")) exit(0);
    if (says(message, "unreachable")) __builtin_trap();
    if (says(message, "divide by zero")) {
        sink = 0;
        tw_reply(turn, "%u", 7 / (unsigned)sink);
        return true;
    }
    if (says(message, "out of bounds")) {
        sink = 0xfffffff0;
        tw_reply(turn, "%d", *(volatile char *)(uintptr_t)sink);
        return true;
    }
    if (says(message, "null")) {
        sink = 0;
        const struct state *nobody = sink == 0 ? NULL : turn->state;
        tw_reply(turn, "%s", nobody->remembered);
        return true;
    }
    if (says(message, "stack overflow")) {
        tw_reply(turn, "%u", descend(0));
        return true;
    }
    if (says(message, "error")) {
        tw_fail(turn, "asked for an error");
        return true;
    }
    return false;
}

/* ---- time and space ---------------------------------------------------------------------------------------------- */

static bool takes_time(tw_turn *turn, const tw_message *message)
{
    unsigned milliseconds;
    if (says(message, "loop")) {
        for (;;) sink++;
    }
    if (says(message, "loop calling log")) {
        for (;;) tw_log_write(TW_LOG_DEBUG, "");
    }
    if (sscanf(message->text, "slow %u", &milliseconds) == 1) {
        for (uint64_t spin = 0; spin < (uint64_t)milliseconds * SPINS_PER_MILLISECOND; spin++) sink += (uint32_t)spin;
        tw_reply(turn, "slow %u", (unsigned)sink);
        return true;
    }
    if (sscanf(message->text, "sleep %u", &milliseconds) == 1) {
        usleep(milliseconds * 1000);
        tw_reply(turn, "slept");
        return true;
    }
    return false;
}

static bool takes_space(tw_turn *turn, const tw_message *message)
{
    unsigned count;
    if (says(message, "grow memory")) {
        for (;;) sink += (uint32_t)filled(1 << 20)[7];
    }
    if (says(message, "huge text")) {
        tw_reply(turn, "x");
        last_effect(turn)->name = filled(60 << 20);
        return true;
    }
    int end = 0;
    if (says(message, "million effects") || (sscanf(message->text, "%u effects%n", &count, &end) == 1 && end > 0)) {
        if (says(message, "million effects")) count = 1000000;
        /* One small thing each, without the SDK's room for every kind of effect. */
        alias_bomb(turn, count, 0);
        return true;
    }
    if (says(message, "alias bomb")) {
        alias_bomb(turn, 50000, 1024);
        return true;
    }
    if (says(message, "big state")) {
        struct state *state = turn->state;
        /* With what is around it, over the limit. */
        state->remembered = filled(STATE_BYTES_MAX);
        tw_reply(turn, "big state");
        return true;
    }
    if (says(message, "log flood")) {
        const char *line = filled(1024);
        for (int at = 0; at < 100000; at++) tw_log_write(TW_LOG_INFO, line);
        tw_reply(turn, "logged 100 MB");
        return true;
    }
    if (says(message, "log line")) {
        tw_log_write(TW_LOG_INFO, filled(8 << 20));
        tw_reply(turn, "logged one line of 8 MB");
        return true;
    }
    if (says(message, "stderr flood")) {
        for (int at = 0; at < 100000; at++) fprintf(stderr, "%s\n", filled(16));
        tw_reply(turn, "wrote 1.7 MB");
        return true;
    }
    return false;
}

/* ---- what the user must never see, or see only as text ------------------------------------------------------------ */

static bool writes_nonsense(tw_turn *turn, const tw_message *message)
{
    if (says(message, "invalid utf-8")) {
        tw_reply(turn, "x");
        last_effect(turn)->name = "\xff\xfe";
        return true;
    }
    if (says(message, "mended utf-8")) {
        tw_reply(turn, "a%sz", "\xff");
        return true;
    }
    if (says(message, "invalid utf-8 in the log")) {
        plugin_string_t line = {(uint8_t *)(uintptr_t)"\xff", 1};
        turnwise_bot_log_write(TURNWISE_BOT_LOG_LEVEL_INFO, &line);
        tw_reply(turn, "logged");
        return true;
    }
    if (says(message, "wild pointer")) {
        tw_reply(turn, "x");
        last_effect(turn)->name = (const char *)0xfffffff0;
        return true;
    }
    if (says(message, "unknown effect")) {
        tw_reply(turn, "x");
        last_effect(turn)->type = (tw_effect_type)99;
        return true;
    }
    if (says(message, "control text")) {
        tw_reply(turn, "%s",
                 "\x1b[31mred\x1b[0m \xe2\x80\xae" "backwards\xe2\x80\xac {{ ${api_key} }} {% abort_message() %}\r\n\x07");
        return true;
    }
    if (says(message, "empty text")) {
        tw_reply(turn, "%s", "");
        return true;
    }
    if (says(message, "bad json")) {
        tw_track_event(turn, "broken", tw_json_null());
        last_effect(turn)->value = "{\"a\":";
        return true;
    }
    return false;
}

/* ---- what an instance and its world are ---------------------------------------------------------------------------- */

static bool looks_around(tw_turn *turn, const tw_message *message)
{
    struct state *state = turn->state;
    unsigned char random[8];
    if (says(message, "static")) {
        tw_reply(turn, "%u", calls);
    } else if (says(message, "clock")) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
        tw_reply(turn, "now %llu wasi %llu", (unsigned long long)turn->now, (unsigned long long)milliseconds);
    } else if (says(message, "random")) {
        getentropy(random, sizeof random);
        tw_reply(turn, "%02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
    } else if (says(message, "files")) {
        FILE *file = fopen("/etc/passwd", "r");
        tw_reply(turn, "%s", file == NULL ? "no files" : "a file");
    } else if (says(message, "environment")) {
        tw_reply(turn, "%s", getenv("PATH") == NULL ? "no environment" : "an environment");
    } else if (says(message, "state")) {
        tw_reply(turn, "%s", state->remembered != NULL ? state->remembered : "none");
    } else if (strncmp(message->text, "remember ", 9) == 0) {
        state->remembered = message->text + 9;
        tw_reply(turn, "remembered");
    } else if (says(message, "forget")) {
        tw_clear_state(turn);
        tw_reply(turn, "forgotten");
    } else {
        return false;
    }
    return true;
}

static void on_message(tw_turn *turn, const tw_message *message)
{
    calls++;
    if (traps(turn, message) || takes_time(turn, message) || takes_space(turn, message)) return;
    if (writes_nonsense(turn, message) || looks_around(turn, message)) return;
    if (strncmp(message->text, "effects ", 8) == 0 && every_effect(turn, message->text + 8)) return;
    tw_reply(turn, "%s", message->text);
}

static void on_event(tw_turn *turn, const tw_event *event)
{
    if (event->type == TW_EVENT_MESSAGE && event->message.media_count == 0) {
        tw_dispatch(turn, event);
    } else {
        tw_reply(turn, "%s", describe(event));
    }
}

const tw_plugin plugin = {
    .name = "hostile-c",
    .version = "0.1.0",
    .state = TW_STATE(struct state, members),
    .on_message = on_message,
    .on_event = on_event,
};
