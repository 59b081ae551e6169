#include <string.h>

#include "test.h"

static void mending(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"Zo\xc3\xab \xf0\x9f\xa4\xb7", "Zo\xc3\xab \xf0\x9f\xa4\xb7"},
        {"cut \xf0\x9f\xa4", "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\x80", "\xef\xbf\xbd"},
        {"a\xffz", "a\xef\xbf\xbdz"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) CHECK_TEXT(tw_mend(cases[at][0]), cases[at][1]);
    char inside[] = "a\0b";
    CHECK_TEXT(tw_take(inside, 3), "a\xef\xbf\xbd" "b");
    CHECK_TEXT(tw_take(inside, 1), "a");
    CHECK_TEXT(tw_take(NULL, 0), "");
    logged();
    CHECK_TEXT(tw_keep("\xc3"), "\xef\xbf\xbd");
    CHECK_TEXT(logged(), "warn: a text is not UTF-8 and was mended: was it cut in the middle of a character?\n");
}

static void cases_of_letters(void)
{
    /* As Rust lowers them, on which the replies of bots in several languages agree. */
    static const char *const cases[][2] = {
        {"AbC 1!", "abc 1!"},
        {"\xc3\x84\xc3\x96\xc3\x9c\xe1\xba\x9e", "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"},
        {"\xce\x9f\xce\x94\xce\xa5\xce\xa3\xce\xa3\xce\x95\xce\xa5\xce\xa3",
         "\xce\xbf\xce\xb4\xcf\x85\xcf\x83\xcf\x83\xce\xb5\xcf\x85\xcf\x82"},
        {"\xc4\xb0stanbul", "i\xcc\x87stanbul"},
        {"\xc8\xba", "\xe2\xb1\xa5"},
        {"\xe2\x84\xaa", "k"},
        {"\xc7\x84", "\xc7\x86"},
        {"\xff", "\xef\xbf\xbd"},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) CHECK_TEXT(tw_lower(cases[at][0]), cases[at][1]);
    /* Letters of several scripts with the vowel signs that belong to them; digits and marks are none. */
    static const uint32_t letters[] = {'a', 'Z', 0xeb, 0x3a9, 0x416, 0x5d0, 0x627, 0x93f, 0x3042, 0x4e2d, 0xac00, 0x20000};
    static const uint32_t others[] = {0, '0', ' ', '-', '@', 0xd7, 0x661, 0xb2, 0x1f937, 0xfffd, 0x10ffff};
    for (size_t at = 0; at < sizeof letters / sizeof *letters; at++) CHECK(tw_is_letter(letters[at]));
    for (size_t at = 0; at < sizeof others / sizeof *others; at++) CHECK(!tw_is_letter(others[at]));
    CHECK(tw_is_numeric('7') && tw_is_numeric(0x661) && tw_is_numeric(0xb2) && !tw_is_numeric('a') && !tw_is_numeric(0x4e2d));
    CHECK(tw_is_space(' ') && tw_is_space('\n') && tw_is_space(0xa0) && tw_is_space(0x3000) && !tw_is_space(0x200b));
}

static void words(void)
{
    CHECK_TEXT(tw_trim(" \t\xc2\xa0 a b \xe3\x80\x80\n"), "a b");
    CHECK_TEXT(tw_trim(" \n "), "");
    CHECK_TEXT(tw_trim(""), "");
    const char *rest = "  one\xe2\x80\x83two\n";
    CHECK_TEXT(tw_word(&rest), "one");
    CHECK_TEXT(tw_word(&rest), "two");
    CHECK(tw_word(&rest) == NULL && tw_word(&rest) == NULL);
    CHECK(tw_length("Zo\xc3\xab \xf0\x9f\xa4\xb7") == 5);
    CHECK_TEXT(tw_copy("abc", 2), "ab");
    CHECK_TEXT(tw_copy("abc", 100), "abc");
    char *text = tw_alloc(10001);
    memset(text, 'x', 10000);
    CHECK(strlen(tw_format("%s!", text)) == 10001);
    CHECK_TEXT(tw_format("%d %s %.2f", 7, "a", 0.125), "7 a 0.12");

    tw_message message = {.text = " \xc3\x84PFEL ", .choice = NULL};
    CHECK(tw_says(&message, "\xc3\xa4pfel") && !tw_says(&message, "apfel") && !tw_chose(&message, "x"));
    CHECK(!tw_is_wordless(&message) && tw_is_wordless(&(tw_message){.text = " \n"}));
    CHECK(tw_chose(&(tw_message){.text = "", .choice = "menu"}, "menu"));
}

void test_text(void)
{
    mending();
    cases_of_letters();
    words();
}
