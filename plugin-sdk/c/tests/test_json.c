#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

/* What a text is once read and written again; or why it is no JSON. */
static const char *again(const char *text)
{
    const char *problem = "no problem was told";
    const tw_json *value = tw_json_read(text, &problem);
    return value != NULL ? tw_json_write(value) : tw_format("! %s", problem);
}

static void well_formed(void)
{
    static const char *const cases[][2] = {
        {"null", "null"},
        {" true ", "true"},
        {"\t\r\nfalse\n", "false"},
        {"0", "0"},
        {"-0", "-0.0"},
        {"-1", "-1"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9.223372036854776e+18"},
        {"-9223372036854775809", "-9.223372036854776e+18"},
        {"1.0", "1.0"},
        {"0.1", "0.1"},
        {"1e2", "100.0"},
        {"-1.5E-3", "-0.0015"},
        {"1e+300", "1e+300"},
        {"5e-324", "4.94065645841247e-324"},
        {"\"\"", "\"\""},
        {"\"caf\xc3\xa9 \xf0\x9f\xa4\xb7\"", "\"caf\xc3\xa9 \xf0\x9f\xa4\xb7\""},
        {"\"\\u00e9\\uD83e\\udd37\"", "\"\xc3\xa9\xf0\x9f\xa4\xb7\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0001\\u001f\x7f\"", "\"\\u0001\\u001f\x7f\""},
        {"\"\\u000b\"", "\"\\u000b\""},
        /* Texts of C end at a NUL, so one inside becomes U+FFFD. */
        {"\"a\\u0000b\"", "\"a\xef\xbf\xbd" "b\""},
        {"\"\xef\xbf\xbd\"", "\"\xef\xbf\xbd\""},
        {"[]", "[]"},
        {"[ 1 , [ ] , \"x\" ]", "[1,[],\"x\"]"},
        {"{ }", "{}"},
        {"{\"a\":{\"b\":[null]}, \"\":1}", "{\"a\":{\"b\":[null]},\"\":1}"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) CHECK_TEXT(again(cases[at][0]), cases[at][1]);
}

static void malformed(void)
{
    static const char *const cases[] = {
        "", " ", "nul", "nulll", "tru", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1",
        "0x10", "1 2", "--1", "\"", "\"\\", "\"\\\"", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\uD800\"",
        "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\uD800x\"", "\"\\uD800\\uE000\"", "\"\\ud83e\\u0041\"", "\"\n\"", "\"\t\"", "\"\x01\"",
        "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "}", "{]", "[}", "'a'", "// 1", "1//", "1e999", "-1e999",
        /* Not UTF-8: a lone continuation, overlong, a surrogate, beyond U+10FFFF, cut short. */
        "\"\x80\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xc3\"", "\"\xf0\x9f\xa4",
        "\"\xff\"", ("\xef\xbb\xbf" "1"),
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        const char *problem = NULL;
        if (CHECK(tw_json_read(cases[at], &problem) == NULL) && CHECK(problem != NULL)) continue;
        fprintf(stderr, "    that was %s\n", cases[at]);
    }
    CHECK_TEXT(again("{\"a\":tru}"), "! a value is expected at byte 6");
    CHECK_TEXT(again("[1 2]"), "! `,` or `]` is expected at byte 4");
    CHECK_TEXT(again("[1"), "! `,` or `]` is expected at byte 3");
    CHECK_TEXT(again("["), "! the text ends too soon at byte 2");
    CHECK_TEXT(again("1 1"), "! something follows the value at byte 3");
    CHECK(tw_json_read("?", NULL) == NULL);
    /* A NUL in the middle ends no text that has a length. */
    CHECK(tw_json_read_bytes("1\0", 2, NULL) == NULL);
}

/* A text of brackets so deep, with the same number closed. */
static char *nested(size_t depth, char open, char close)
{
    char *text = tw_alloc(depth * 2 + 1);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    return text;
}

static void deep(void)
{
    CHECK(tw_json_read(nested(TW_DEPTH_MAX, '[', ']'), NULL) != NULL);
    CHECK_TEXT(again(nested(TW_DEPTH_MAX + 1, '[', ']')), "! too many levels at byte 65");
    CHECK_TEXT(again(nested(1000000, '[', ']')), "! too many levels at byte 65");
    CHECK(strlen(again(nested(TW_DEPTH_MAX, '[', ']'))) == 2 * TW_DEPTH_MAX);
}

/* Every cut and every changed byte of a text is read without a step beyond its end; the sanitizers judge. */
static void damaged(void)
{
    static const char text[] = "{\"step\":\"awaiting-proof\",\"tries\":-1.5e3,\"o\":[true,null,\"\\ud83e\\udd37\\n\xc3\xa9\"]}";
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        CHECK(tw_json_read(tw_copy(text, cut), NULL) == NULL);
        for (unsigned byte = 1; byte < 256; byte += 7) {
            char *changed = tw_copy(text, sizeof text);
            changed[cut] = (char)byte;
            const tw_json *value = tw_json_read(changed, NULL);
            /* What is still JSON stays the same from then on. */
            if (value != NULL) CHECK_TEXT(again(tw_json_write(value)), tw_json_write(value));
        }
    }
}

static void values(void)
{
    const tw_json *value = tw_json_read("{\"n\":7,\"x\":1.5,\"s\":\"t\",\"b\":true,\"l\":[1,2],\"n\":8,\"z\":null}", NULL);
    CHECK(tw_type(value) == TW_OBJECT && tw_count(value) == 7);
    CHECK(tw_int(tw_get(value, "n"), 0) == 8);
    CHECK(tw_number(tw_get(value, "n"), 0) == 8 && tw_number(tw_get(value, "x"), 0) == 1.5);
    CHECK(tw_int(tw_get(value, "x"), 3) == 3 && tw_int(NULL, 4) == 4);
    CHECK_TEXT(tw_string(tw_get(value, "s"), NULL), "t");
    CHECK_TEXT(tw_string(tw_get(tw_get(value, "s"), "deeper"), "none"), "none");
    CHECK(tw_bool(tw_get(value, "b"), false) && !tw_bool(tw_get(value, "s"), false));
    CHECK(tw_int(tw_at(tw_get(value, "l"), 1), 0) == 2 && tw_at(tw_get(value, "l"), 2) == NULL);
    CHECK_TEXT(tw_key(value, 2), "s");
    CHECK(tw_key(value, 7) == NULL && tw_key(tw_get(value, "l"), 0) == NULL);
    CHECK(tw_type(tw_get(value, "z")) == TW_NULL && tw_get(value, "z") != NULL && tw_get(value, "missing") == NULL);

    tw_json *made = tw_put(tw_json_object(), "text", "a\"b");
    tw_put(made, "yes", true);
    tw_put(made, "no", false);
    tw_put(made, "count", 3);
    tw_put(made, "big", UINT32_MAX);
    tw_put(made, "half", 0.5f);
    tw_put(made, "list", tw_add(tw_add(tw_json_array(), 1), "two"));
    tw_put(made, "old", value);
    tw_put(made, "old", tw_get(value, "l"));
    tw_put(made, "nothing", tw_get(value, "missing"));
    tw_put(made, "infinite", INFINITY);
    tw_remove(tw_remove(made, "nothing"), "never there");
    CHECK_TEXT(tw_json_write(made), "{\"text\":\"a\\\"b\",\"yes\":true,\"no\":false,\"count\":3,\"big\":4294967295,"
                                    "\"half\":0.5,\"list\":[1,\"two\"],\"old\":[1,2],\"infinite\":null}");
    tw_json *numbers = tw_json_array();
    for (int at = 0; at < 100; at++) tw_add(numbers, at);
    for (int at = 0; at < 100; at++) CHECK(tw_int(tw_at(numbers, (size_t)at), -1) == at);
}

void test_json(void)
{
    well_formed();
    malformed();
    deep();
    damaged();
    values();
}
