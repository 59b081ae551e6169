/* The state: JSON text to the members of a struct, and back. */
#include <string.h>

#include "internal.h"

/* ---- members ----------------------------------------------------------------------------------------------------- */

/* Whether a member is as a conversation begins. */
static bool is_zero(const tw_member *member, const char *place)
{
    if (member->type == TW_MEMBER_TEXT || member->type == TW_MEMBER_JSON) {
        const void *pointer;
        memcpy(&pointer, place, sizeof pointer);
        return pointer == NULL;
    }
    if (member->type == TW_MEMBER_DOUBLE) {
        double number;
        memcpy(&number, place, sizeof number);
        return number == 0;
    }
    for (size_t byte = 0; byte < member->size; byte++) {
        if (place[byte] != 0) return false;
    }
    return true;
}

/* Integers of every size, by their type; everything a plugin runs on is little-endian, and so is what tests run on. */
static int64_t load_int(const tw_member *member, const char *place)
{
    uint64_t bits = 0;
    memcpy(&bits, place, member->size);
    unsigned unused = 64 - 8 * (unsigned)member->size;
    if (member->type == TW_MEMBER_UINT) return (int64_t)bits;
    return (int64_t)(bits << unused) >> unused;
}

static bool store_int(const tw_member *member, char *place, int64_t integer)
{
    memcpy(place, &integer, member->size);
    /* What does not fit reads back as something else. */
    return load_int(member, place) == integer && (member->type == TW_MEMBER_INT || integer >= 0);
}

static const char *const *names_end(const tw_member *member)
{
    const char *const *name = member->names;
    while (*name != NULL) name++;
    return name;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const char *misfit(const tw_member *member, const tw_json *value, const char *expected)
{
    return tw_format("%s: invalid type: %s, expected %s", member->name, tw_describe(value), expected);
}

static const char *read_named(const tw_member *member, char *place, const tw_json *value)
{
    const char *name = tw_string(value, NULL);
    if (name == NULL) return misfit(member, value, "a string");
    for (size_t at = 0; member->names[at] != NULL; at++) {
        if (strcmp(member->names[at], name) == 0) {
            store_int(member, place, (int64_t)at);
            return NULL;
        }
    }
    return tw_format("%s: there is no value %s", member->name, tw_json_write(value));
}

/* NULL, or why the value is none for this member. */
static const char *read_member(const tw_member *member, char *place, const tw_json *value)
{
    if (member->names != NULL) return read_named(member, place, value);
    switch (member->type) {
    case TW_MEMBER_BOOL: {
        if (tw_type(value) != TW_BOOL) return misfit(member, value, "a boolean");
        bool boolean = tw_bool(value, false);
        memcpy(place, &boolean, sizeof boolean);
        return NULL;
    }
    case TW_MEMBER_INT:
    case TW_MEMBER_UINT:
        if (tw_type(value) != TW_INT) return misfit(member, value, "an integer");
        if (store_int(member, place, tw_int(value, 0))) return NULL;
        return tw_format("%s: %s does not fit", member->name, tw_json_write(value));
    case TW_MEMBER_DOUBLE: {
        if (tw_type(value) != TW_INT && tw_type(value) != TW_NUMBER) return misfit(member, value, "a number");
        double number = tw_number(value, 0);
        memcpy(place, &number, sizeof number);
        return NULL;
    }
    case TW_MEMBER_TEXT: {
        const char *text = tw_string(value, NULL);
        if (text == NULL && tw_type(value) != TW_NULL) return misfit(member, value, "a string");
        memcpy(place, &text, sizeof text);
        return NULL;
    }
    case TW_MEMBER_JSON: memcpy(place, &value, sizeof value); return NULL;
    }
    return NULL;
}

bool tw_state_read(const tw_state_type *type, void *state, const char *text, const char **problem)
{
    const tw_json *object = tw_json_read(text, problem);
    if (object == NULL) return false;
    if (tw_type(object) != TW_OBJECT) {
        *problem = tw_format("invalid type: %s, expected an object", tw_describe(object));
        return false;
    }
    for (const tw_member *member = type->members; member < type->members + type->count; member++) {
        const tw_json *value = tw_get(object, member->name);
        if (value == NULL) continue;
        const char *misfit = read_member(member, (char *)state + member->offset, value);
        if (misfit != NULL) {
            *problem = misfit;
            return false;
        }
    }
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static tw_json *write_member(const tw_member *member, const char *place, const char **problem)
{
    if (member->names != NULL) {
        uint64_t at = (uint64_t)load_int(member, place);
        if (at < (uint64_t)(names_end(member) - member->names)) return tw_json_string(member->names[at]);
        *problem = tw_format("%s: %llu has no name", member->name, (unsigned long long)at);
        return tw_json_null();
    }
    switch (member->type) {
    case TW_MEMBER_BOOL: return tw_json_bool(true);
    case TW_MEMBER_INT:
    case TW_MEMBER_UINT: {
        int64_t integer = load_int(member, place);
        if (member->type == TW_MEMBER_INT || integer >= 0) return tw_json_int(integer);
        *problem = tw_format("%s: %llu is too large", member->name, (unsigned long long)integer);
        return tw_json_null();
    }
    case TW_MEMBER_DOUBLE: {
        double number;
        memcpy(&number, place, sizeof number);
        return tw_json_number(number);
    }
    case TW_MEMBER_TEXT: {
        const char *text;
        memcpy(&text, place, sizeof text);
        return tw_json_string(text);
    }
    case TW_MEMBER_JSON: {
        const tw_json *value;
        memcpy(&value, place, sizeof value);
        return tw_json_same(value);
    }
    }
    return tw_json_null();
}

const char *tw_state_write(const tw_state_type *type, const void *state, const char **problem)
{
    tw_json *object = tw_json_object();
    for (const tw_member *member = type->members; member < type->members + type->count; member++) {
        const char *place = (const char *)state + member->offset;
        if (!is_zero(member, place)) tw_json_put(object, member->name, write_member(member, place, problem));
    }
    return tw_count(object) > 0 ? tw_json_write(object) : NULL;
}
