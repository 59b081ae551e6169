/* JSON values: made, looked at, changed. */
#include <math.h>
#include <string.h>

#include "internal.h"

static tw_json *make(tw_json_type type)
{
    tw_json *value = tw_alloc(sizeof *value);
    value->type = type;
    return value;
}

tw_json *tw_json_null(void)
{
    return make(TW_NULL);
}

tw_json *tw_json_bool(bool boolean)
{
    tw_json *value = make(TW_BOOL);
    value->boolean = boolean;
    return value;
}

tw_json *tw_json_int(int64_t integer)
{
    tw_json *value = make(TW_INT);
    value->integer = integer;
    return value;
}

tw_json *tw_json_number(double number)
{
    if (!isfinite(number)) return tw_json_null();
    tw_json *value = make(TW_NUMBER);
    value->number = number;
    return value;
}

tw_json *tw_json_string(const char *text)
{
    tw_json *value = make(TW_STRING);
    value->text = tw_keep(text);
    return value;
}

tw_json *tw_json_array(void)
{
    return make(TW_ARRAY);
}

tw_json *tw_json_object(void)
{
    return make(TW_OBJECT);
}

tw_json *tw_json_same(const tw_json *value)
{
    return value != NULL ? (tw_json *)(uintptr_t)value : tw_json_null();
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static bool is_list(const tw_json *value)
{
    return value != NULL && (value->type == TW_ARRAY || value->type == TW_OBJECT);
}

tw_json_type tw_type(const tw_json *value)
{
    return value != NULL ? value->type : TW_NULL;
}

/* Where a key is, or how many there are where it is not. Of a key that is there twice the last counts. */
static size_t place_of(const tw_json *object, const char *key)
{
    for (size_t at = object->count; at > 0; at--) {
        if (strcmp(object->keys[at - 1], key) == 0) return at - 1;
    }
    return object->count;
}

const tw_json *tw_get(const tw_json *object, const char *key)
{
    return tw_type(object) == TW_OBJECT ? tw_at(object, place_of(object, key)) : NULL;
}

size_t tw_count(const tw_json *value)
{
    return is_list(value) ? value->count : 0;
}

const tw_json *tw_at(const tw_json *value, size_t index)
{
    return index < tw_count(value) ? value->values[index] : NULL;
}

const char *tw_key(const tw_json *object, size_t index)
{
    return tw_type(object) == TW_OBJECT && index < object->count ? object->keys[index] : NULL;
}

const char *tw_string(const tw_json *value, const char *otherwise)
{
    return tw_type(value) == TW_STRING ? value->text : otherwise;
}

int64_t tw_int(const tw_json *value, int64_t otherwise)
{
    return tw_type(value) == TW_INT ? value->integer : otherwise;
}

double tw_number(const tw_json *value, double otherwise)
{
    switch (tw_type(value)) {
    case TW_INT: return (double)value->integer;
    case TW_NUMBER: return value->number;
    default: return otherwise;
    }
}

bool tw_bool(const tw_json *value, bool otherwise)
{
    return tw_type(value) == TW_BOOL ? value->boolean : otherwise;
}

const char *tw_describe(const tw_json *value)
{
    switch (tw_type(value)) {
    case TW_BOOL: return tw_format("boolean `%s`", value->boolean ? "true" : "false");
    case TW_INT: return tw_format("integer `%s`", tw_json_write(value));
    case TW_NUMBER: return tw_format("floating point `%s`", tw_json_write(value));
    case TW_STRING: return tw_format("string %s", tw_json_write(value));
    case TW_ARRAY: return "sequence";
    case TW_OBJECT: return "map";
    case TW_NULL: break;
    }
    return "null";
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

static bool expect(const tw_json *value, tw_json_type type, const char *what)
{
    if (value != NULL && value->type == type) return true;
    if (tw_under_way != NULL) tw_fail(&tw_under_way->turn, "%s", what);
    return false;
}

tw_json *tw_json_add(tw_json *array, const tw_json *value)
{
    if (!expect(array, TW_ARRAY, "tw_add was given something that is no JSON array")) return array;
    array->values = tw_grow(array->values, array->count, sizeof *array->values);
    array->values[array->count++] = tw_json_same(value);
    return array;
}

tw_json *tw_json_put(tw_json *object, const char *key, const tw_json *value)
{
    if (!expect(object, TW_OBJECT, "tw_put was given something that is no JSON object")) return object;
    const char *kept = tw_keep(key);
    size_t place = place_of(object, kept);
    if (place == object->count) {
        object->values = tw_grow(object->values, object->count, sizeof *object->values);
        object->keys = tw_grow(object->keys, object->count, sizeof *object->keys);
        object->keys[object->count++] = kept;
    }
    object->values[place] = tw_json_same(value);
    return object;
}

tw_json *tw_remove(tw_json *object, const char *key)
{
    if (!expect(object, TW_OBJECT, "tw_remove was given something that is no JSON object")) return object;
    for (size_t place; (place = place_of(object, key)) < object->count;) {
        size_t behind = --object->count - place;
        memmove(object->keys + place, object->keys + place + 1, behind * sizeof *object->keys);
        memmove(object->values + place, object->values + place + 1, behind * sizeof *object->values);
    }
    return object;
}
