/* What the files of the SDK share. Plugins include turnwise.h alone. */
#ifndef TURNWISE_INTERNAL_H
#define TURNWISE_INTERNAL_H

#include <stdarg.h>

#include "turnwise.h"

/* ---- memory and text --------------------------------------------------------------------------------------------- */

/* Memory until the turn ends, whatever was in it before. */
void *tw_reserve(size_t bytes);
/* Gives all memory back, where a process outlives its turn: natively. */
void tw_release(void);
/* Room for one more of `count` things of this size in a list that grows; the list may move. */
void *tw_grow(void *list, size_t count, size_t bytes);
/* vprintf into a text of the right length. */
char *tw_format_list(const char *format, va_list arguments) TW_PRINTF(1, 0);
/* A copy that outlives the handler's variables, with what is not UTF-8 made U+FFFD. NULL fails the turn. */
const char *tw_keep(const char *text);
/* The text itself, or a copy with what is not UTF-8 made U+FFFD. */
const char *tw_mend(const char *text);
/* Text of known length that came in: as it is, but for a NUL inside it. It ends in NUL already. */
const char *tw_take(char *text, size_t bytes);
/* Writes a character as UTF-8, at most 4 bytes, and says how many. */
size_t tw_encode(uint32_t character, char *bytes);

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

struct tw_json {
    tw_json_type type;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        struct {
            tw_json **values;
            /* NULL in an array. */
            const char **keys;
            size_t count;
        };
    };
};

#define TW_DEPTH_MAX 64

/* Like tw_json_read, for text with a length. */
tw_json *tw_json_read_bytes(const char *text, size_t bytes, const char **problem);
/* For messages: "integer `9`", "string \"x\"", "map". */
const char *tw_describe(const tw_json *value);

/* ---- a turn ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const char *name;
    /* JSON that nobody may ever ask for, so it is read when somebody does. */
    const char *json;
} tw_raw_json;

typedef struct {
    const char *id, *title, *description;
} tw_choice_offered;

typedef enum {
    TW_EFFECT_REPLY,
    TW_EFFECT_SEND_CAMPAIGN,
    TW_EFFECT_SEND_CANVAS,
    TW_EFFECT_CHANGE_ATTRIBUTE,
    TW_EFFECT_TRACK_EVENT,
    TW_EFFECT_START_TIMER,
    TW_EFFECT_CANCEL_TIMER,
    TW_EFFECT_REQUEST,
    TW_EFFECT_HANDOFF,
    TW_EFFECT_NOTE,
    TW_EFFECT_SWITCH_BOT,
    TW_EFFECT_END_SESSION,
    TW_EFFECT_CUSTOM,
} tw_effect_type;

typedef enum { TW_CHANGE_SET, TW_CHANGE_UNSET, TW_CHANGE_INCREMENT, TW_CHANGE_ADD, TW_CHANGE_REMOVE } tw_change;

/* One effect, in the order and with the words of the contract. What belongs to other types is zero. */
typedef struct {
    tw_effect_type type;
    /* The text of a reply or note, the name of a campaign, Canvas, event, timer, bot, attribute or custom effect, the
     * reason of a handoff, the outcome of a session, the connection of a request. */
    const char *name;
    /* JSON of an attribute, event, switch or custom effect; a timer's payload; the text added to or removed from an array. */
    const char *value;

    tw_choice_offered *choices;
    size_t choice_count;
    const char *media_url, *media_type;
    const char *campaign;
    tw_raw_json *properties;
    size_t property_count;

    tw_change change;
    int32_t by;

    uint32_t delay_seconds;
    bool cancel_on_message;

    const char *id, *method, *path, *body;
    tw_header_line *headers;
    size_t header_count;
    uint32_t timeout_seconds;
    tw_waiting while_waiting;

    const char *summary, *team, *notice;
    tw_urgency priority;
} tw_effect;

typedef enum { TW_STATE_KEEP, TW_STATE_REPLACE, TW_STATE_CLEAR } tw_next_state;

/* A turn with what only the SDK may touch. */
typedef struct {
    tw_turn turn;
    const tw_raw_json *settings, *fields;
    size_t setting_count, field_count;
    uint64_t random;
    const char *step;
    tw_effect *effects;
    size_t effect_count;
    /* The first thing that went wrong. */
    const char *failure;
} tw_inside;

/* What a turn ends with: an error, or a decision. */
typedef struct {
    enum { TW_DECIDED, TW_BAD_STATE, TW_OTHER } ending;
    const char *error;
    tw_next_state next_state;
    const char *state;
} tw_result;

/* Runs the plugin on an event. `state` is NULL where there is none. */
tw_result tw_handle(tw_inside *inside, const char *state, const tw_event *event);
/* The migrated state, or NULL and why it cannot be. */
const char *tw_migrate(const char *state, uint32_t from, const char **error);

static inline tw_inside *tw_inside_of(const tw_turn *turn)
{
    return (tw_inside *)(uintptr_t)turn;
}

/* Reads the state's text into a struct of zeros; false and why where it does not fit. */
bool tw_state_read(const tw_state_type *type, void *state, const char *text, const char **problem);
/* The state's text; NULL where all of it is zero, and also (with a problem) where it cannot be written. */
const char *tw_state_write(const tw_state_type *type, const void *state, const char **problem);

/* The turn under way, for what fails without having been given one; NULL between turns. */
extern tw_inside *tw_under_way;

typedef enum { TW_LOG_DEBUG, TW_LOG_INFO, TW_LOG_WARN, TW_LOG_ERROR } tw_log_level;

/* Hands a line to the host. */
void tw_log_write(tw_log_level level, const char *line);

#endif
