/*
 * Write Turnwise plugins in C.
 *
 * A plugin is a pure function: it is given a conversation's state and an event, and says what becomes of the state and
 * what is to be done. It has no clock, no network and no memory of its own; `tw_turn` hands it all it may know and
 * collects all it asks for.
 *
 *     #include "turnwise.h"
 *
 *     static void on_message(tw_turn *turn, const tw_message *message)
 *     {
 *         tw_reply(turn, "You said: %s", message->text);
 *         tw_choice(turn, "agent", "Talk to an agent");
 *     }
 *
 *     const tw_plugin plugin = {.name = "parrot", .version = "0.1.0", .on_message = on_message};
 *
 * Memory: nothing is ever freed. Every turn runs in a fresh instance that is thrown away afterwards, so whatever the SDK
 * hands out (and `tw_alloc`, `tw_format`) lives until the turn ends, and static variables last no longer either.
 *
 * Text: every `const char *` is UTF-8 and ends in NUL; what may be absent is NULL. A NUL inside a text that comes in is
 * handed over as U+FFFD, and what is not UTF-8 in a text that goes out is sent as U+FFFD.
 *
 * Mistakes: nothing returns an error code. `tw_fail` (and the SDK itself, where it is asked for the impossible) fails the
 * turn as a whole when the handler returns: no effect is done and the state stays as it was.
 */
#ifndef TURNWISE_H
#define TURNWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* C11's `true` is an int, which tw_value could not tell from 1; C lets a program define it anew. */
#if __STDC_VERSION__ < 202311L
#undef true
#undef false
#define true ((bool)1)
#define false ((bool)0)
#endif

#define TW_PRINTF(text, arguments) __attribute__((format(printf, text, arguments)))

/* A list of texts for the fields of tw_plugin: TW_LIST("menu", "awaiting-order"). */
#define TW_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* A JSON value. What reads one takes NULL for a value that is not there, so that reads can be chained:
 * tw_string(tw_get(tw_get(body, "order"), "status"), "unknown"). */
typedef struct tw_json tw_json;

typedef enum { TW_NULL, TW_BOOL, TW_INT, TW_NUMBER, TW_STRING, TW_ARRAY, TW_OBJECT } tw_json_type;

/* Reads JSON text (RFC 8259, at most 64 levels deep). Malformed text gives NULL and, where wanted, why and where. */
tw_json *tw_json_read(const char *text, const char **problem);
/* The shortest text of a value. */
const char *tw_json_write(const tw_json *value);

/* TW_NULL for one that is not there. An integer beyond 64 bits is a TW_NUMBER. */
tw_json_type tw_type(const tw_json *value);
/* A member of an object; NULL where there is none. */
const tw_json *tw_get(const tw_json *object, const char *key);
/* How many values an array or object has; 0 for anything else. */
size_t tw_count(const tw_json *value);
/* A value of an array or object by its place; NULL beyond the last. */
const tw_json *tw_at(const tw_json *value, size_t index);
/* The key of a member of an object by its place; NULL beyond the last. */
const char *tw_key(const tw_json *object, size_t index);

/* A value as a type of C's, or `otherwise` where it is not there or of another type. */
const char *tw_string(const tw_json *value, const char *otherwise);
int64_t tw_int(const tw_json *value, int64_t otherwise);
double tw_number(const tw_json *value, double otherwise);
bool tw_bool(const tw_json *value, bool otherwise);

/* Makes values. Texts are copied; a number that JSON has no word for (infinite, not a number) becomes null. */
tw_json *tw_json_null(void);
tw_json *tw_json_bool(bool value);
tw_json *tw_json_int(int64_t value);
tw_json *tw_json_number(double value);
tw_json *tw_json_string(const char *text);
tw_json *tw_json_array(void);
tw_json *tw_json_object(void);
tw_json *tw_json_same(const tw_json *value);
/* A JSON value of almost any value of C: a text, a bool, a number, a tw_json. */
#define tw_value(value)                                                                                                \
    _Generic((value), bool: tw_json_bool, char *: tw_json_string, const char *: tw_json_string,                        \
        signed char: tw_json_int, unsigned char: tw_json_int, short: tw_json_int, unsigned short: tw_json_int,         \
        int: tw_json_int, unsigned: tw_json_int, long: tw_json_int, unsigned long: tw_json_int,                        \
        long long: tw_json_int, unsigned long long: tw_json_int, float: tw_json_number, double: tw_json_number,        \
        tw_json *: tw_json_same, const tw_json *: tw_json_same)(value)

/* Puts a value at the end of an array, or into an object under a key (in place of the one there). Returns the array or
 * object, so that calls can be nested. A value belongs to one place: putting it into two is fine, into itself is not. */
#define tw_add(array, value) tw_json_add((array), tw_value(value))
#define tw_put(object, key, value) tw_json_put((object), (key), tw_value(value))
tw_json *tw_json_add(tw_json *array, const tw_json *value);
tw_json *tw_json_put(tw_json *object, const char *key, const tw_json *value);
/* Takes a member out of an object, if it is there. */
tw_json *tw_remove(tw_json *object, const char *key);

/* ---- the state --------------------------------------------------------------------------------------------------- */

/* The state is a struct of yours, of which the SDK is told the members that are to be remembered:
 *
 *     enum step { START, MENU, AWAITING_ORDER };
 *     struct state { enum step step; int tries; const char *order; };
 *
 *     static const tw_member members[] = {
 *         TW_NAMED_MEMBER(struct state, step, "start", "menu", "awaiting-order"),
 *         TW_MEMBER(struct state, tries),
 *         TW_MEMBER(struct state, order),
 *     };
 *     const tw_plugin plugin = {…, .state = TW_STATE(struct state, members)};
 *
 * A conversation starts with all members zero, and a member that is zero is not stored; so a member added later is zero
 * in the conversations that are under way. A text put into the state is copied when the handler returns. */
typedef struct {
    const char *name;
    size_t offset;
    enum { TW_MEMBER_BOOL, TW_MEMBER_INT, TW_MEMBER_UINT, TW_MEMBER_DOUBLE, TW_MEMBER_TEXT, TW_MEMBER_JSON } type;
    size_t size;
    const char *const *names;
} tw_member;

/* A member that is a bool, an integer, a double, a text (const char *) or a JSON value (const tw_json *). */
#define TW_MEMBER(state, member)                                                                                       \
    {                                                                                                                  \
        .name = #member, .offset = offsetof(state, member), .size = sizeof(((state *)0)->member),                      \
        .type = _Generic(((state *)0)->member, bool: TW_MEMBER_BOOL, double: TW_MEMBER_DOUBLE,                         \
            const char *: TW_MEMBER_TEXT, const tw_json *: TW_MEMBER_JSON, signed char: TW_MEMBER_INT,                 \
            short: TW_MEMBER_INT, int: TW_MEMBER_INT, long: TW_MEMBER_INT, long long: TW_MEMBER_INT,                   \
            unsigned char: TW_MEMBER_UINT, unsigned short: TW_MEMBER_UINT, unsigned: TW_MEMBER_UINT,                   \
            unsigned long: TW_MEMBER_UINT, unsigned long long: TW_MEMBER_UINT),                                        \
    }

/* A member that is an enum counting from 0, stored by the names of its values in order, which people can read. */
#define TW_NAMED_MEMBER(state, member, ...)                                                                            \
    {                                                                                                                  \
        .name = #member, .offset = offsetof(state, member), .size = sizeof(((state *)0)->member),                      \
        .type = TW_MEMBER_UINT, .names = TW_LIST(__VA_ARGS__),                                                         \
    }

typedef struct {
    size_t size;
    const tw_member *members;
    size_t count;
} tw_state_type;

#define TW_STATE(type, members) {sizeof(type), (members), sizeof(members) / sizeof *(members)}

/* ---- what comes in ----------------------------------------------------------------------------------------------- */

/* Milliseconds since 1970-01-01T00:00:00Z. */
typedef uint64_t tw_timestamp;

/* A name with a JSON value. */
typedef struct {
    const char *name;
    const tw_json *value;
} tw_named_json;

/* Who is talking. Every one of these may be NULL. */
typedef struct {
    const char *external_id;
    /* Names an anonymous Braze profile: both are there or neither is. */
    const char *alias_name, *alias_label;
    /* E.164. */
    const char *phone;
    /* BCP 47, as Braze sent it. */
    const char *language;
    /* The WhatsApp display name. Set by the user; never trust it. */
    const char *profile_name;
} tw_user;

typedef enum { TW_DESK_OPEN, TW_DESK_CLOSED, TW_DESK_NONE } tw_desk;

/* One event being handled: what there is to know about it, and what is asked of it. */
typedef struct {
    /* Points at the state declared in tw_plugin. What is in it when the handler returns is what the next turn sees. */
    void *state;
    /* One user on one source. */
    const char *conversation;
    /* The inbound source as named in the configuration, e.g. "whatsapp". */
    const char *source;
    tw_user user;
    /* Counts the conversation's sessions, and its turns, from 1. */
    uint32_t session, number;
    /* When the turn runs. It stands still during the turn. */
    tw_timestamp now;
    /* Whether a human could take over now, and for a closed desk when it opens, or 0 where that is not known. */
    tw_desk desk;
    tw_timestamp desk_opens;
} tw_turn;

/* A file, by reference. */
typedef struct {
    const char *url;
    /* May be NULL. */
    const char *mime_type;
} tw_media_file;

typedef struct {
    const char *id;
    /* As typed; empty where the message is only media or a flow's answer. */
    const char *text;
    const tw_media_file *media;
    size_t media_count;
    /* The id of the choice that was tapped, or whose title was typed. May be NULL. */
    const char *choice;
    /* The answer of a WhatsApp Flow. May be NULL. */
    const tw_json *flow_response;
    tw_timestamp received;
} tw_message;

typedef struct {
    const char *name;
    const tw_json *payload;
    /* When it should have fired; after downtime this may be long ago. */
    tw_timestamp due;
} tw_timer_fired;

typedef struct {
    const char *name, *value;
} tw_header_line;

typedef enum {
    TW_RESPONDED,
    /* No such connection, or the plugin has no grant for it. */
    TW_DENIED,
    TW_TIMEOUT,
    TW_UNREACHABLE,
    TW_TOO_LARGE,
    TW_OTHER_ERROR,
} tw_outcome;

typedef struct {
    /* The request's. */
    const char *id;
    tw_outcome outcome;
    /* For people, where there is no response; NULL where there is one. */
    const char *problem;
    /* Of an HTTP response of any status; headers in order of arrival, names in lower case. */
    uint16_t status;
    const tw_header_line *headers;
    size_t header_count;
    const char *body;
} tw_response;

typedef struct {
    /* The turn that asked for it. */
    uint32_t turn;
    const char *campaign, *reason;
    /* True where Braze may have sent it all the same. */
    bool ambiguous;
} tw_delivery_failure;

typedef enum { TW_AUTHOR_USER, TW_AUTHOR_BOT, TW_AUTHOR_AGENT } tw_author;

typedef struct {
    tw_timestamp at;
    tw_author author;
    const char *text;
} tw_transcript_line;

typedef enum { TW_HANDOFF_FAILED, TW_HANDOFF_ACCEPTED, TW_HANDOFF_RETURNED } tw_handoff_news;

typedef struct {
    tw_handoff_news news;
    /* Why it failed; else NULL. */
    const char *reason;
    /* Who took it, and what they leave behind. All may be NULL. */
    const char *agent, *note;
    /* What was said meanwhile. */
    const tw_transcript_line *transcript;
    size_t transcript_count;
} tw_handoff_update;

typedef enum {
    TW_EVENT_MESSAGE,
    TW_EVENT_BURST,
    TW_EVENT_TIMER,
    TW_EVENT_RESPONSE,
    TW_EVENT_DELIVERY_FAILED,
    TW_EVENT_HANDOFF,
    TW_EVENT_SESSION_EXPIRED,
    TW_EVENT_SWITCHED,
    TW_EVENT_EXTERNAL,
} tw_event_type;

typedef struct {
    tw_event_type type;
    union {
        tw_message message;
        struct {
            const tw_message *messages;
            size_t count;
        } burst;
        tw_timer_fired timer;
        tw_response response;
        tw_delivery_failure delivery_failed;
        tw_handoff_update handoff;
        uint32_t idle_seconds;
        tw_named_json switched, external;
    };
} tw_event;

/* ---- the plugin -------------------------------------------------------------------------------------------------- */

/* What a plugin says of itself, and what it does with each kind of event. Only name, version and on_message are required. */
typedef struct {
    const char *name, *version;
    /* Of members; see TW_STATE. */
    tw_state_type state;
    /* Written beside every stored state (1 where left out); raise it when `migrate` has something new to do. */
    uint32_t state_version;
    /* The steps that tw_step names, in the order a conversation passes through them: TW_LIST("menu", …). */
    const char *const *steps;
    /* The connections that tw_request calls; each needs a grant in the configuration. */
    const char *const *connections;
    /* The campaigns and Canvases that are triggered by name; each needs a grant in the configuration. */
    const char *const *campaigns;
    /* What this plugin handles itself that the host otherwise would, e.g. "commands". */
    const char *const *handles;

    /* The user wrote. */
    void (*on_message)(tw_turn *turn, const tw_message *message);
    /* The user wrote several messages within the bot's coalescing window, oldest first. By default each is handled like a
     * message that came alone. */
    void (*on_burst)(tw_turn *turn, const tw_message *messages, size_t count);
    /* A timer of tw_start_timer came due. */
    void (*on_timer)(tw_turn *turn, const tw_timer_fired *timer);
    /* The answer to a tw_request, or why there is none. */
    void (*on_response)(tw_turn *turn, const tw_response *response);
    /* A reply or campaign of an earlier turn was not delivered to Braze. */
    void (*on_delivery_failed)(tw_turn *turn, const tw_delivery_failure *failure);
    /* A handoff failed, was accepted, or came back. */
    void (*on_handoff)(tw_turn *turn, const tw_handoff_update *update);
    /* The session ended after this many idle seconds. What is in the state afterwards is what the next session starts
     * with; by default that is nothing. */
    void (*on_session_expired)(tw_turn *turn, uint32_t idle_seconds);
    /* Another bot passed the conversation here; the name is that bot's, the value its payload. */
    void (*on_switched)(tw_turn *turn, const tw_named_json *from);
    /* Another system pushed an event in, e.g. "order-shipped". */
    void (*on_external)(tw_turn *turn, const tw_named_json *event);
    /* Every event passes through here. Set it for what concerns all of them, and end it with tw_dispatch. */
    void (*on_event)(tw_turn *turn, const tw_event *event);

    /* Turns a state that version `from` stored into one that this version reads; NULL for one that cannot be. By default
     * it is left as it is. */
    tw_json *(*migrate)(tw_json *state, uint32_t from);
} tw_plugin;

/* Every plugin defines this one. */
extern const tw_plugin plugin;

/* Hands an event to its own handler. */
void tw_dispatch(tw_turn *turn, const tw_event *event);

/* ---- what a handler may know ------------------------------------------------------------------------------------- */

/* One of the settings in `[plugins.NAME.settings]`, as JSON; NULL where it is not there. */
const tw_json *tw_setting(const tw_turn *turn, const char *name);
/* The same as a type of C's, or `otherwise` where it is not there. One of another type fails the turn. */
const char *tw_setting_string(tw_turn *turn, const char *name, const char *otherwise);
int64_t tw_setting_int(tw_turn *turn, const char *name, int64_t otherwise);
double tw_setting_number(tw_turn *turn, const char *name, double otherwise);
bool tw_setting_bool(tw_turn *turn, const char *name, bool otherwise);
/* All settings as one object. */
const tw_json *tw_settings(const tw_turn *turn);

/* A value the inbound carried beside the message, as JSON; NULL where it is not there. And all of them as one object. */
const tw_json *tw_field(const tw_turn *turn, const char *name);
const tw_json *tw_fields(const tw_turn *turn);

/* A random number below `end`, 0 where `end` is 0. It comes from the turn's seed, so a replay draws the same numbers. Not
 * for secrets. */
uint32_t tw_random_below(tw_turn *turn, uint32_t end);
/* One of these texts at random: tw_pick(turn, "Hi!", "Hello!"). */
#define tw_pick(turn, ...) tw_pick_of((turn), TW_LIST(__VA_ARGS__))
const char *tw_pick_of(tw_turn *turn, const char *const *options);

/* Whether the user typed exactly this, whatever the case and the space around it. */
bool tw_says(const tw_message *message, const char *text);
/* Whether the user tapped (or typed the title of) the choice with this id. */
bool tw_chose(const tw_message *message, const char *id);
/* Whether there is no text to read: only media, a flow's answer, or nothing. */
bool tw_is_wordless(const tw_message *message);
/* Whether there is a response with a status of 200 to 299. */
bool tw_is_success(const tw_response *response);
/* The body of a response as JSON; NULL where there is none. */
tw_json *tw_response_json(const tw_response *response);

/* ---- what a handler can ask for ---------------------------------------------------------------------------------- */

/* It happens after the turn is committed, in the order it was asked for. What says more about an effect is about the one
 * asked for last, and fails the turn where that is of another kind. */

/* Says something to the user: not empty, at most 4096 characters. */
void tw_reply(tw_turn *turn, const char *format, ...) TW_PRINTF(2, 3);
/* Offers something to tap: up to 3 become buttons (titles of at most 20 characters), up to 10 a list (24). */
void tw_choice(tw_turn *turn, const char *id, const char *title);
/* Offers a row of a list with a second line of at most 72 characters. */
void tw_choice_described(tw_turn *turn, const char *id, const char *title, const char *description);
/* Attaches a file, e.g. of type "image/jpeg". */
void tw_media(tw_turn *turn, const char *url, const char *mime_type);
/* Sends the reply through this campaign of the configuration instead of the source's reply campaign. */
void tw_campaign(tw_turn *turn, const char *name);
/* Adds a trigger property to a reply, a campaign or a Canvas. */
#define tw_property(turn, name, value) tw_property_json((turn), (name), tw_value(value))
void tw_property_json(tw_turn *turn, const char *name, const tw_json *value);

/* Triggers another campaign for the user, or enters them into a Canvas, named as in the configuration. */
void tw_send_campaign(tw_turn *turn, const char *name);
void tw_send_canvas(tw_turn *turn, const char *name);

/* Sets a custom attribute of the user's Braze profile: tw_set_attribute(turn, "plan", "gold"). */
#define tw_set_attribute(turn, name, value) tw_set_attribute_json((turn), (name), tw_value(value))
void tw_set_attribute_json(tw_turn *turn, const char *name, const tw_json *value);
void tw_unset_attribute(tw_turn *turn, const char *name);
/* Adds to a number. Not tried again where it is unknown whether Braze did it. */
void tw_increment_attribute(tw_turn *turn, const char *name, int32_t by);
/* Adds a text to an array of texts, or removes it. */
void tw_add_to_attribute(tw_turn *turn, const char *name, const char *text);
void tw_remove_from_attribute(tw_turn *turn, const char *name, const char *text);
/* Records a custom event on the user's Braze profile; its properties are an object. */
#define tw_track_event(turn, name, properties) tw_track_event_json((turn), (name), tw_value(properties))
void tw_track_event_json(tw_turn *turn, const char *name, const tw_json *properties);

/* Asks to be called again. A timer of the same name is replaced. */
void tw_start_timer(tw_turn *turn, const char *name, uint32_t delay_seconds);
/* Handed back when the timer fires. */
#define tw_payload(turn, value) tw_payload_json((turn), tw_value(value))
void tw_payload_json(tw_turn *turn, const tw_json *value);
/* Drops the timer by itself when the user writes before it fires. */
void tw_cancel_on_message(tw_turn *turn);
/* Cancels a timer; one that is not there is fine. */
void tw_cancel_timer(tw_turn *turn, const char *name);

/* Calls another system through a connection of the configuration, with path and query below its base URL. The answer is a
 * later turn's on_response. It is a GET with the connection's name as id and a timeout of ten seconds, unless told
 * otherwise. */
void tw_request(tw_turn *turn, const char *connection, const char *path);
/* Names the request; the response carries the name. For telling apart several requests on one connection. */
void tw_id(tw_turn *turn, const char *id);
void tw_method(tw_turn *turn, const char *method);
/* Adds a header beside those of the connection. */
void tw_header(tw_turn *turn, const char *name, const char *value);
void tw_body(tw_turn *turn, const char *text);
/* Sends this as JSON, by POST unless tw_method is called after it. */
#define tw_body_json(turn, value) tw_body_json_of((turn), tw_value(value))
void tw_body_json_of(tw_turn *turn, const tw_json *value);
/* Gives up after this time; the connection's own limit holds where it is shorter. */
void tw_timeout_seconds(tw_turn *turn, uint32_t seconds);
/* What a message does that arrives before the response: be a turn of its own at once (the default), wait for the
 * response's turn, or have the request given up. */
typedef enum { TW_DELIVER, TW_HOLD, TW_CANCEL } tw_waiting;
void tw_while_waiting(tw_turn *turn, tw_waiting what);

/* Asks for a human to take over; the reason is a word or two, and counted. */
void tw_handoff(tw_turn *turn, const char *reason);
/* One line the agent reads first. */
void tw_summary(tw_turn *turn, const char *format, ...) TW_PRINTF(2, 3);
/* Said to the user while they wait. */
void tw_notice(tw_turn *turn, const char *format, ...) TW_PRINTF(2, 3);
/* Who should take it, as named at the desk. */
void tw_team(tw_turn *turn, const char *name);
typedef enum { TW_LOW, TW_NORMAL, TW_HIGH, TW_URGENT } tw_urgency;
void tw_priority(tw_turn *turn, tw_urgency priority);

/* Leaves a note that only the agent sees. */
void tw_note(tw_turn *turn, const char *format, ...) TW_PRINTF(2, 3);
/* Passes the conversation to another bot, with a payload for it. */
#define tw_switch_bot(turn, bot, payload) tw_switch_bot_json((turn), (bot), tw_value(payload))
void tw_switch_bot_json(tw_turn *turn, const char *bot, const tw_json *payload);
/* Ends the session, with the outcome to count, e.g. "solved". */
void tw_end_session(tw_turn *turn, const char *outcome);
/* Asks for an effect that this version of the contract has no name for. */
#define tw_custom(turn, name, value) tw_custom_json((turn), (name), tw_value(value))
void tw_custom_json(tw_turn *turn, const char *name, const tw_json *value);

/* Names the state-machine state this turn ends in; shown in the console and counted. */
void tw_step(tw_turn *turn, const char *name);
/* Sets the whole state back to zero. */
void tw_clear_state(tw_turn *turn);
/* Fails the turn: it leaves no trace but this text in the journal, and the user gets the configured fallback text. Only
 * the first failure counts. For what should not happen; what a user may do wrong is answered with a reply. Never put in
 * it what the user typed. */
void tw_fail(tw_turn *turn, const char *format, ...) TW_PRINTF(2, 3);

/* Write one line to the turn's log, of which 16 KiB are kept. Never write what the user typed. */
void tw_debug(const char *format, ...) TW_PRINTF(1, 2);
void tw_info(const char *format, ...) TW_PRINTF(1, 2);
void tw_warn(const char *format, ...) TW_PRINTF(1, 2);
void tw_error(const char *format, ...) TW_PRINTF(1, 2);

/* ---- text and memory --------------------------------------------------------------------------------------------- */

/* Zeroed memory until the turn ends. */
void *tw_alloc(size_t bytes);
/* printf into a text of the right length. */
char *tw_format(const char *format, ...) TW_PRINTF(1, 2);
/* A copy of the first `bytes` bytes of a text, or of all of it where it is shorter. */
char *tw_copy(const char *text, size_t bytes);
/* A copy without the white space around it. */
const char *tw_trim(const char *text);
/* A copy in lower case, of any script. */
const char *tw_lower(const char *text);
/* In characters, not bytes. */
size_t tw_length(const char *text);
/* The next word of a text (what is between white space), and moves on behind it; NULL where there is none:
 * for (const char *rest = text, *word; (word = tw_word(&rest));) … */
const char *tw_word(const char **rest);
/* The next character of a text, and moves on behind it; 0 at its end. U+FFFD for what is not UTF-8. */
uint32_t tw_next(const char **rest);
/* Of any script, as Unicode has them: white space, letters (alphabetic), digits and other numbers. */
bool tw_is_space(uint32_t character);
bool tw_is_letter(uint32_t character);
bool tw_is_numeric(uint32_t character);

#endif
