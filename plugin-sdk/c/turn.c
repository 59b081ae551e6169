/* What a handler may know, and how it fails. */
#include <string.h>

#include "internal.h"

tw_inside *tw_under_way;

/* ---- settings and fields ----------------------------------------------------------------------------------------- */

/* The raw value of this name; NULL where there is none. */
static const char *find(const tw_raw_json *values, size_t count, const char *name)
{
    for (size_t at = 0; at < count; at++) {
        if (strcmp(values[at].name, name) == 0) return values[at].json;
    }
    return NULL;
}

/* The host hands over JSON only, so there is no case of text that is none. */
static const tw_json *read(const char *json)
{
    return json != NULL ? tw_json_read(json, NULL) : NULL;
}

static const tw_json *read_all(const tw_raw_json *values, size_t count)
{
    tw_json *object = tw_json_object();
    for (size_t at = 0; at < count; at++) tw_json_put(object, values[at].name, read(values[at].json));
    return object;
}

const tw_json *tw_setting(const tw_turn *turn, const char *name)
{
    const tw_inside *inside = tw_inside_of(turn);
    return read(find(inside->settings, inside->setting_count, name));
}

const tw_json *tw_settings(const tw_turn *turn)
{
    const tw_inside *inside = tw_inside_of(turn);
    return read_all(inside->settings, inside->setting_count);
}

const tw_json *tw_field(const tw_turn *turn, const char *name)
{
    const tw_inside *inside = tw_inside_of(turn);
    return read(find(inside->fields, inside->field_count, name));
}

const tw_json *tw_fields(const tw_turn *turn)
{
    const tw_inside *inside = tw_inside_of(turn);
    return read_all(inside->fields, inside->field_count);
}

/* A setting where it is there and of the type; one of another type is the operator's mistake, and they read this. */
static const tw_json *setting_of(tw_turn *turn, const char *name, tw_json_type type, const char *expected)
{
    const tw_json *value = tw_setting(turn, name);
    if (value == NULL) return NULL;
    tw_json_type found = tw_type(value);
    if (found == type || (type == TW_NUMBER && found == TW_INT)) return value;
    size_t column = found == TW_ARRAY || found == TW_OBJECT ? 0 : strlen(tw_json_write(value));
    tw_fail(turn, "setting: %s: invalid type: %s, expected %s at line 1 column %zu", name, tw_describe(value), expected,
            column);
    return NULL;
}

const char *tw_setting_string(tw_turn *turn, const char *name, const char *otherwise)
{
    return tw_string(setting_of(turn, name, TW_STRING, "a string"), otherwise);
}

int64_t tw_setting_int(tw_turn *turn, const char *name, int64_t otherwise)
{
    return tw_int(setting_of(turn, name, TW_INT, "an integer"), otherwise);
}

double tw_setting_number(tw_turn *turn, const char *name, double otherwise)
{
    return tw_number(setting_of(turn, name, TW_NUMBER, "a number"), otherwise);
}

bool tw_setting_bool(tw_turn *turn, const char *name, bool otherwise)
{
    return tw_bool(setting_of(turn, name, TW_BOOL, "a boolean"), otherwise);
}

/* ---- chance ------------------------------------------------------------------------------------------------------ */

/* SplitMix64, as in every language's SDK, so that the same bot says the same in each. */
static uint32_t split_mix(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)(mixed >> 32);
}

uint32_t tw_random_below(tw_turn *turn, uint32_t end)
{
    return (uint32_t)((uint64_t)split_mix(&tw_inside_of(turn)->random) * end >> 32);
}

const char *tw_pick_of(tw_turn *turn, const char *const *options)
{
    uint32_t count = 0;
    while (options[count] != NULL) count++;
    uint32_t place = tw_random_below(turn, count);
    if (count > 0) return options[place];
    tw_fail(turn, "tw_pick was given nothing to pick from");
    return "";
}

/* ---- what came in ------------------------------------------------------------------------------------------------ */

bool tw_says(const tw_message *message, const char *text)
{
    return strcmp(tw_lower(tw_trim(message->text)), tw_lower(text)) == 0;
}

bool tw_chose(const tw_message *message, const char *id)
{
    return message->choice != NULL && strcmp(message->choice, id) == 0;
}

bool tw_is_wordless(const tw_message *message)
{
    return *tw_trim(message->text) == '\0';
}

bool tw_is_success(const tw_response *response)
{
    return response->outcome == TW_RESPONDED && response->status >= 200 && response->status < 300;
}

tw_json *tw_response_json(const tw_response *response)
{
    return response->outcome == TW_RESPONDED ? tw_json_read(response->body, NULL) : NULL;
}

/* ---- failing and logging ----------------------------------------------------------------------------------------- */

void tw_fail(tw_turn *turn, const char *format, ...)
{
    if (tw_inside_of(turn)->failure != NULL) return;
    va_list arguments;
    va_start(arguments, format);
    const char *failure = tw_format_list(format, arguments);
    va_end(arguments);
    tw_inside_of(turn)->failure = tw_keep(failure);
}

#define WRITE_LOG(level)                                                                                               \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    tw_log_write(level, tw_format_list(format, arguments));                                                            \
    va_end(arguments)

void tw_debug(const char *format, ...)
{
    WRITE_LOG(TW_LOG_DEBUG);
}

void tw_info(const char *format, ...)
{
    WRITE_LOG(TW_LOG_INFO);
}

void tw_warn(const char *format, ...)
{
    WRITE_LOG(TW_LOG_WARN);
}

void tw_error(const char *format, ...)
{
    WRITE_LOG(TW_LOG_ERROR);
}
