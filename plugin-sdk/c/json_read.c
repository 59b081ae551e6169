/* JSON text to values, strictly: RFC 8259, well-formed UTF-8, bounded depth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

typedef struct {
    /* Ends in NUL, which no JSON text contains: reading stops there by itself. */
    const char *start, *end, *at;
    const char *problem;
} reader;

static tw_json *read_value(reader *text, size_t depth);

static void *mistaken(reader *text, const char *problem)
{
    if (text->problem == NULL) text->problem = problem;
    return NULL;
}

static void skip_space(reader *text)
{
    while (*text->at == ' ' || *text->at == '\t' || *text->at == '\n' || *text->at == '\r') text->at++;
}

static bool skip_byte(reader *text, char byte)
{
    skip_space(text);
    if (*text->at != byte) return false;
    text->at++;
    return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t read_hex(reader *text)
{
    int32_t code = 0;
    for (int digit = 0; digit < 4; digit++) {
        char byte = *text->at;
        int32_t value = byte >= '0' && byte <= '9'                     ? byte - '0'
                        : (byte | 0x20) >= 'a' && (byte | 0x20) <= 'f' ? (byte | 0x20) - 'a' + 10
                                                                       : -1;
        if (value < 0) return -1;
        code = code << 4 | value;
        text->at++;
    }
    return code;
}

/* What stands behind a backslash, as UTF-8; 0 bytes for what may not stand there. */
static size_t read_escape(reader *text, char *bytes)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char byte = *text->at;
    const char *name = byte != '\0' ? strchr(names, byte) : NULL;
    if (name != NULL) {
        text->at++;
        bytes[0] = meanings[name - names];
        return 1;
    }
    if (byte != 'u') return 0;
    text->at++;
    int32_t code = read_hex(text);
    if (code >= 0xd800 && code < 0xdc00) {
        if (text->at[0] != '\\' || text->at[1] != 'u') return 0;
        text->at += 2;
        int32_t low = read_hex(text);
        if (low < 0xdc00 || low >= 0xe000) return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code < 0 || (code >= 0xd800 && code < 0xe000)) return 0;
    /* A text of C's ends at a NUL, so one inside it becomes U+FFFD. */
    return tw_encode(code == 0 ? 0xfffd : (uint32_t)code, bytes);
}

static const char *read_string(reader *text)
{
    const char *start = ++text->at;
    /* At least as long as what it means: an escape is never shorter than its character. */
    const char *close = start;
    while (*close != '"' && *close != '\0') close += close[0] == '\\' && close[1] != '\0' ? 2 : 1;
    if (*close == '\0') return mistaken(text, "a string does not end");
    char *meaning = tw_reserve((size_t)(close - start) + 1), *end = meaning;
    while (*text->at != '"') {
        if ((unsigned char)*text->at < 0x20) return mistaken(text, "a control character in a string is not escaped");
        if (*text->at == '\\') {
            text->at++;
            size_t bytes = read_escape(text, end);
            if (bytes == 0) return mistaken(text, "a string has an escape that means nothing");
            end += bytes;
        } else {
            const char *before = text->at;
            uint32_t character = tw_next(&text->at);
            size_t bytes = (size_t)(text->at - before);
            if (character == 0xfffd && bytes == 1) return mistaken(text, "a string is not UTF-8");
            memcpy(end, before, bytes);
            end += bytes;
        }
    }
    text->at++;
    *end = '\0';
    return meaning;
}

static bool skip_digits(reader *text)
{
    const char *first = text->at;
    while (*text->at >= '0' && *text->at <= '9') text->at++;
    return text->at > first;
}

static tw_json *read_number(reader *text)
{
    const char *start = text->at;
    bool negative = *start == '-', whole = true;
    if (negative) text->at++;
    if (*text->at == '0') {
        text->at++;
    } else if (!skip_digits(text)) {
        return mistaken(text, "a number has no digits");
    }
    const char *digits_end = text->at;
    if (*text->at == '.') {
        text->at++;
        whole = false;
        if (!skip_digits(text)) return mistaken(text, "a number has no digits behind its point");
    }
    if (*text->at == 'e' || *text->at == 'E') {
        text->at++;
        whole = false;
        if (*text->at == '+' || *text->at == '-') text->at++;
        if (!skip_digits(text)) return mistaken(text, "a number has no digits in its exponent");
    }
    uint64_t integer = 0, most = (uint64_t)INT64_MAX + negative;
    for (const char *digit = start + negative; whole && digit < digits_end; digit++) {
        uint64_t value = (uint64_t)(*digit - '0');
        whole = integer <= (most - value) / 10;
        integer = integer * 10 + value;
    }
    /* -0 is no integer of C's. */
    if (whole && !(negative && integer == 0)) return tw_json_int(negative ? (int64_t)(0 - integer) : (int64_t)integer);
    double number = strtod(start, NULL);
    if (!isfinite(number)) return mistaken(text, "a number is out of range");
    return tw_json_number(number);
}

static tw_json *read_word(reader *text, const char *word, tw_json *value)
{
    size_t bytes = strlen(word);
    if (strncmp(text->at, word, bytes) != 0) return mistaken(text, "a value is expected");
    text->at += bytes;
    return value;
}

static tw_json *read_list(reader *text, size_t depth, tw_json *list, char close)
{
    if (depth == TW_DEPTH_MAX) return mistaken(text, "too many levels");
    text->at++;
    if (skip_byte(text, close)) return list;
    do {
        list->values = tw_grow(list->values, list->count, sizeof *list->values);
        if (list->type == TW_OBJECT) {
            skip_space(text);
            if (*text->at != '"') return mistaken(text, "a key is expected");
            list->keys = tw_grow(list->keys, list->count, sizeof *list->keys);
            list->keys[list->count] = read_string(text);
            if (list->keys[list->count] == NULL) return NULL;
            if (!skip_byte(text, ':')) return mistaken(text, "`:` is expected");
        }
        list->values[list->count] = read_value(text, depth + 1);
        if (list->values[list->count++] == NULL) return NULL;
    } while (skip_byte(text, ','));
    if (skip_byte(text, close)) return list;
    return mistaken(text, close == '}' ? "`,` or `}` is expected" : "`,` or `]` is expected");
}

static tw_json *read_value(reader *text, size_t depth)
{
    skip_space(text);
    switch (*text->at) {
    case '{': return read_list(text, depth, tw_json_object(), '}');
    case '[': return read_list(text, depth, tw_json_array(), ']');
    case '"': {
        const char *string = read_string(text);
        if (string == NULL) return NULL;
        tw_json *value = tw_alloc(sizeof *value);
        value->type = TW_STRING;
        value->text = string;
        return value;
    }
    case 't': return read_word(text, "true", tw_json_bool(true));
    case 'f': return read_word(text, "false", tw_json_bool(false));
    case 'n': return read_word(text, "null", tw_json_null());
    case '-': return read_number(text);
    case '\0': return mistaken(text, text->at == text->end ? "the text ends too soon" : "a value is expected");
    default: break;
    }
    if (*text->at >= '0' && *text->at <= '9') return read_number(text);
    return mistaken(text, "a value is expected");
}

tw_json *tw_json_read_bytes(const char *start, size_t bytes, const char **problem)
{
    reader text = {.start = start, .end = start + bytes, .at = start};
    tw_json *value = read_value(&text, 0);
    skip_space(&text);
    if (value != NULL && text.at != text.end) value = mistaken(&text, "something follows the value");
    if (value == NULL && problem != NULL) {
        *problem = tw_format("%s at byte %zu", text.problem, (size_t)(text.at - text.start) + 1);
    }
    return value;
}

tw_json *tw_json_read(const char *text, const char **problem)
{
    return tw_json_read_bytes(text, strlen(text), problem);
}
