/* JSON values to text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* A text that grows. */
typedef struct {
    char *bytes;
    size_t count, room;
} buffer;

static void append(buffer *text, const char *bytes, size_t count)
{
    if (count > text->room - text->count) {
        size_t room = text->room * 2 + count;
        char *grown = tw_reserve(room);
        if (text->count > 0) memcpy(grown, text->bytes, text->count);
        text->bytes = grown;
        text->room = room;
    }
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
}

static void append_text(buffer *text, const char *bytes)
{
    append(text, bytes, strlen(bytes));
}

/* Only what must be escaped is, so that people can read it. */
static void append_string(buffer *text, const char *string)
{
    append(text, "\"", 1);
    while (*string != '\0') {
        size_t plain = 0;
        while ((unsigned char)string[plain] >= 0x20 && string[plain] != '"' && string[plain] != '\\') plain++;
        append(text, string, plain);
        string += plain;
        if (*string == '\0') break;
        static const char letters[] = "btn\0fr";
        unsigned char byte = (unsigned char)*string++;
        char escape[] = {'\\', (char)byte, '0', '0', byte < 0x10 ? '0' : '1', "0123456789abcdef"[byte & 0xf]};
        if (byte >= 0x20) {
            append(text, escape, 2);
        } else if (byte >= '\b' && byte <= '\r' && letters[byte - '\b'] != '\0') {
            escape[1] = letters[byte - '\b'];
            append(text, escape, 2);
        } else {
            escape[1] = 'u';
            append(text, escape, 6);
        }
    }
    append(text, "\"", 1);
}

static void append_int(buffer *text, int64_t integer)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (integer < 0) digits[--at] = '-';
    append(text, digits + at, sizeof digits - at);
}

/* The fewest digits that read back as the same number, and always recognisable as no integer. */
static void append_number(buffer *text, double number)
{
    char digits[32];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number) break;
    }
    append_text(text, digits);
    if (strpbrk(digits, ".e") == NULL) append(text, ".0", 2);
}

static void append_value(buffer *text, const tw_json *value, size_t depth)
{
    if (depth > TW_DEPTH_MAX) {
        if (tw_under_way != NULL) tw_fail(&tw_under_way->turn, "a JSON value is more than %d levels deep", TW_DEPTH_MAX);
        append_text(text, "null");
        return;
    }
    switch (tw_type(value)) {
    case TW_NULL: append_text(text, "null"); break;
    case TW_BOOL: append_text(text, value->boolean ? "true" : "false"); break;
    case TW_INT: append_int(text, value->integer); break;
    case TW_NUMBER: append_number(text, value->number); break;
    case TW_STRING: append_string(text, value->text); break;
    case TW_ARRAY:
    case TW_OBJECT: {
        bool is_object = value->type == TW_OBJECT;
        append_text(text, is_object ? "{" : "[");
        for (size_t at = 0; at < value->count; at++) {
            if (at > 0) append(text, ",", 1);
            if (is_object) {
                append_string(text, value->keys[at]);
                append(text, ":", 1);
            }
            append_value(text, value->values[at], depth + 1);
        }
        append_text(text, is_object ? "}" : "]");
        break;
    }
    }
}

const char *tw_json_write(const tw_json *value)
{
    buffer text = {0};
    append_value(&text, value, 0);
    append(&text, "", 1);
    return text.bytes;
}
