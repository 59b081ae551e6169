#include "order.h"

#include <string.h>

#include "turnwise.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* NULL where the word is no order number. */
static const char *number(const char *word)
{
    size_t length = strlen(word);
    while (length > 0 && !is_digit(word[length - 1]) && !is_letter(word[length - 1])) length--;
    while (length > 0 && !is_digit(*word) && !is_letter(*word)) word++, length--;
    if (length == 0) return NULL;
    bool has_letter = is_letter(*word);
    const char *digits = word + has_letter, *end = word + length;
    if (has_letter && digits < end && *digits == '-') digits++;
    size_t count = (size_t)(end - digits);
    if (count < 5 || count > (has_letter ? 5u : 8u)) return NULL;
    for (size_t at = 0; at < count; at++) {
        if (!is_digit(digits[at])) return NULL;
    }
    digits = tw_copy(digits, count);
    /* A letter of ASCII is a capital without its sixth bit. */
    return has_letter ? tw_format("%c-%s", *word & ~0x20, digits) : digits;
}

const char *order_find_number(const char *text)
{
    for (const char *rest = text, *word; (word = tw_word(&rest)) != NULL;) {
        const char *found = number(word);
        if (found != NULL) return found;
    }
    return NULL;
}

/* ---- proof ------------------------------------------------------------------------------------------------------- */

static bool has_space(const char *text)
{
    for (const char *rest = text; *rest != '\0';) {
        if (tw_is_space(tw_next(&rest))) return true;
    }
    return false;
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || has_space(text)) return false;
    const char *domain = at + 1;
    size_t length = strlen(domain);
    return strchr(domain, '@') == NULL && strchr(domain, '.') != NULL && strstr(domain, "..") == NULL &&
           domain[0] != '.' && domain[length - 1] != '.';
}

static bool is_postcode(const char *text)
{
    size_t length = strlen(text);
    bool has_digit = false;
    for (size_t at = 0; at < length; at++) {
        if (!is_digit(text[at]) && !is_letter(text[at]) && text[at] != ' ' && text[at] != '-') return false;
        has_digit = has_digit || is_digit(text[at]);
    }
    return length >= 3 && length <= 10 && has_digit;
}

bool order_is_proof(const char *text)
{
    text = tw_trim(text);
    return is_email(text) || is_postcode(text);
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

const char *order_status(const char *order)
{
    static const char *const statuses[] = {"is being packed", "is on its way and should arrive tomorrow",
                                           "is out for delivery today", "was delivered"};
    size_t sum = 0;
    for (; *order != '\0'; order++) sum += is_digit(*order) ? (size_t)(*order - '0') : 0;
    return statuses[sum % (sizeof statuses / sizeof *statuses)];
}
