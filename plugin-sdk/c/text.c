/* Text: UTF-8, one character at a time, and what Unicode says of characters. */
#include <string.h>

#include "internal.h"
#include "unicode.h"

#define REPLACEMENT 0xfffd

/* The character that well-formed UTF-8 begins with, and its length; 0 where the bytes are not well-formed. */
static size_t decode(const unsigned char *bytes, uint32_t *character)
{
    unsigned char lead = bytes[0];
    if (lead < 0x80) {
        *character = lead;
        return 1;
    }
    size_t length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length == 0) return 0;
    uint32_t decoded = lead & (0x7fu >> length);
    /* A NUL that ends the text is no continuation, so this never reads beyond it. */
    for (size_t at = 1; at < length; at++) {
        if ((bytes[at] & 0xc0) != 0x80) return 0;
        decoded = decoded << 6 | (bytes[at] & 0x3fu);
    }
    bool overlong = (length == 3 && decoded < 0x800) || (length == 4 && decoded < 0x10000);
    if (overlong || (decoded >= 0xd800 && decoded < 0xe000) || decoded > 0x10ffff) return 0;
    *character = decoded;
    return length;
}

size_t tw_encode(uint32_t character, char *bytes)
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t at = length - 1; at > 0; at--, character >>= 6) bytes[at] = (char)(0x80 | (character & 0x3f));
    bytes[0] = (char)((0xf00u >> length & 0xf0) | character);
    return length;
}

uint32_t tw_next(const char **rest)
{
    if (**rest == '\0') return 0;
    uint32_t character = REPLACEMENT;
    size_t length = decode((const unsigned char *)*rest, &character);
    *rest += length > 0 ? length : 1;
    return character;
}

/* Whether all of it is UTF-8. Most text is ASCII, which is passed over quickly. */
static bool is_utf8(const char *text)
{
    uint32_t character;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = *at < 0x80 ? 1 : decode(at, &character);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

/* U+FFFD takes three bytes where there was at least one. */
static char *repaired(const char *text, size_t bytes)
{
    char *copy = tw_reserve(bytes * 3 + 1), *end = copy;
    for (const char *rest = text; rest < text + bytes;) {
        uint32_t character = *rest == '\0' ? (rest++, REPLACEMENT) : tw_next(&rest);
        end += tw_encode(character, end);
    }
    *end = '\0';
    return copy;
}

const char *tw_keep(const char *text)
{
    if (text == NULL) {
        if (tw_under_way != NULL) tw_fail(&tw_under_way->turn, "an effect was given NULL where a text must be");
        return "";
    }
    if (!is_utf8(text)) tw_warn("a text is not UTF-8 and was mended: was it cut in the middle of a character?");
    text = tw_mend(text);
    return tw_copy(text, strlen(text));
}

const char *tw_mend(const char *text)
{
    return is_utf8(text) ? text : repaired(text, strlen(text));
}

const char *tw_take(char *text, size_t bytes)
{
    if (bytes == 0) return "";
    return memchr(text, '\0', bytes) == NULL ? text : repaired(text, bytes);
}

size_t tw_length(const char *text)
{
    size_t length = 0;
    while (tw_next(&text) != 0) length++;
    return length;
}

/* ---- kinds of characters ----------------------------------------------------------------------------------------- */

static bool is_among(const range *ranges, size_t count, uint32_t character)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (character > ranges[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && character >= ranges[low].first;
}

bool tw_is_space(uint32_t character)
{
    return character == ' ' || (character >= 0x09 && character <= 0x0d) || character == 0x85 || character == 0xa0 ||
           character == 0x1680 || (character >= 0x2000 && character <= 0x200a) || character == 0x2028 ||
           character == 0x2029 || character == 0x202f || character == 0x205f || character == 0x3000;
}

bool tw_is_letter(uint32_t character)
{
    if (character < 0x80) return (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
    return is_among(letters, sizeof letters / sizeof *letters, character);
}

bool tw_is_numeric(uint32_t character)
{
    if (character < 0x80) return character >= '0' && character <= '9';
    return is_among(numerics, sizeof numerics / sizeof *numerics, character);
}

static uint32_t lower(uint32_t character)
{
    if (character < 0x80) return character >= 'A' && character <= 'Z' ? character | 0x20 : character;
    size_t low = 0, high = sizeof capitals / sizeof *capitals;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (character > capitals[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == sizeof capitals / sizeof *capitals || character < capitals[low].first) return character;
    bool is_capital = (character - capitals[low].first) % capitals[low].step == 0;
    return is_capital ? (uint32_t)((int32_t)character + capitals[low].distance) : character;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

const char *tw_lower(const char *text)
{
    /* What is not UTF-8 becomes U+FFFD, three bytes for one; nothing grows more. */
    char *copy = tw_reserve(strlen(text) * 3 + 1), *end = copy;
    uint32_t before = 0;
    for (const char *rest = text; *rest != '\0';) {
        uint32_t character = tw_next(&rest);
        const char *behind = rest;
        if (character == 0x130) {
            end += tw_encode('i', end);
            end += tw_encode(0x307, end);
        } else if (character == 0x3a3 && tw_is_letter(before) && !tw_is_letter(tw_next(&behind))) {
            /* The sigma at the end of a word has a shape of its own. */
            end += tw_encode(0x3c2, end);
        } else {
            end += tw_encode(lower(character), end);
        }
        before = character;
    }
    *end = '\0';
    return copy;
}

const char *tw_trim(const char *text)
{
    const char *first = text, *end = NULL;
    for (const char *rest = text, *here = text; *rest != '\0'; here = rest) {
        if (tw_is_space(tw_next(&rest))) continue;
        if (end == NULL) first = here;
        end = rest;
    }
    return end == NULL ? "" : tw_copy(first, (size_t)(end - first));
}

const char *tw_word(const char **rest)
{
    const char *first = *rest;
    for (const char *behind = first; *first != '\0' && tw_is_space(tw_next(&behind));) first = behind;
    if (*first == '\0') {
        *rest = first;
        return NULL;
    }
    const char *end = first;
    for (const char *behind = end; *end != '\0' && !tw_is_space(tw_next(&behind));) end = behind;
    *rest = end;
    return tw_copy(first, (size_t)(end - first));
}
