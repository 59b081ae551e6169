#include "intent.h"

#include <string.h>

#include "order.h"

static bool is_alphanumeric(uint32_t character)
{
    return tw_is_letter(character) || tw_is_numeric(character);
}

/* Without the punctuation around it, and no more: `agent@example.com` is not the word "agent". */
static const char *without_punctuation(const char *word)
{
    const char *first = NULL, *end = word;
    for (const char *rest = word, *here = word; *rest != '\0'; here = rest) {
        if (!is_alphanumeric(tw_next(&rest))) continue;
        if (first == NULL) first = here;
        end = rest;
    }
    return first == NULL ? "" : tw_copy(first, (size_t)(end - first));
}

static bool is_one_of(const char *word, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++) {
        if (strcmp(word, *wanted) == 0) return true;
    }
    return false;
}

static bool has_word(const char *text, const char *const *wanted)
{
    for (const char *rest = text, *word; (word = tw_word(&rest)) != NULL;) {
        if (is_one_of(without_punctuation(word), wanted)) return true;
    }
    return false;
}

static bool is_word(const char *text, const char *const *wanted)
{
    const char *rest = text;
    return tw_word(&rest) != NULL && tw_word(&rest) == NULL && has_word(text, wanted);
}

static enum intent intent_of_text(const char *typed)
{
    const char *text = tw_lower(typed);
    if (has_word(text, TW_LIST("agent", "human"))) return INTENT_AGENT;
    if (is_word(text, TW_LIST("menu", "back", "help", "restart"))) return INTENT_MENU;
    if (is_word(text, TW_LIST("stop"))) return INTENT_STOP;
    /* "Where is order 12345?" is answered by what takes the number. */
    if (order_find_number(text) != NULL) return INTENT_NONE;
    if (has_word(text, TW_LIST("order", "orders", "package", "parcel", "delivery"))) return INTENT_ORDER;
    if (has_word(text, TW_LIST("hours", "open", "opening"))) return INTENT_HOURS;
    return INTENT_NONE;
}

enum intent intent_of(const tw_message *message)
{
    if (tw_chose(message, "menu")) return INTENT_MENU;
    if (tw_chose(message, "agent")) return INTENT_AGENT;
    if (tw_chose(message, "done")) return INTENT_DONE;
    if (tw_chose(message, "order")) return INTENT_ORDER;
    if (tw_chose(message, "hours")) return INTENT_HOURS;
    return intent_of_text(message->text);
}
