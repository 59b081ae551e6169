//! Every bound, with the reason for its value. Those an operator may change are defaults in `config`.

use std::time::Duration;

/// A WhatsApp text is a few KiB at most; the rest is room for the fields a marketer adds.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 64 * 1024;
/// Request line and headers; proxies add a few KiB, and nothing we answer needs more.
pub const HTTP_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Longer than the 60 s after which common load balancers let go of an idle connection: the side that closes first must be
/// theirs, or a request meets a closed connection.
pub const HTTP_IDLE: Duration = Duration::from_secs(75);
/// Connections are renewed now and then, so that those behind a load balancer spread over new hosts.
pub const HTTP_CONNECTION_AGE_MAX: Duration = Duration::from_hours(1);
/// A client still sending when it is refused would lose the answer to a reset; this long, and this much, it is heard out.
pub const HTTP_LINGER: Duration = Duration::from_secs(1);
pub const HTTP_LINGER_BYTES_MAX: usize = 1024 * 1024;
/// State is rewritten with every turn, so its size is paid for on every message.
pub const STATE_BYTES_MAX: usize = 64 * 1024;
/// A conversation that needs more than this in one turn is a loop.
pub const EFFECTS_PER_TURN_MAX: usize = 16;
/// All text that leaves with one turn, so that a turn cannot fill the outbox.
pub const TEXT_PER_TURN_BYTES_MAX: usize = 64 * 1024;
/// WhatsApp refuses longer text bodies.
pub const REPLY_CHARS_MAX: usize = 4096;
/// WhatsApp lists have at most ten rows.
pub const CHOICES_MAX: usize = 10;
/// Up to this many choices are buttons on WhatsApp, more are a list.
pub const BUTTONS_MAX: usize = 3;
/// WhatsApp's, for a button's title.
pub const BUTTON_CHARS_MAX: usize = 20;
/// WhatsApp's, for a list row's title.
pub const LIST_TITLE_CHARS_MAX: usize = 24;
/// WhatsApp's, for a list row's second line.
pub const LIST_DESCRIPTION_CHARS_MAX: usize = 72;
/// Braze truncates longer keys and strings of custom attributes without a word.
pub const ATTRIBUTE_CHARS_MAX: usize = 255;

/// Summed over all memories of an instance; Python needs it.
pub const PLUGIN_MEMORY_BYTES_MAX: usize = 128 * 1024 * 1024;
/// What one call may make the host allocate while strings and lists cross the boundary.
pub const PLUGIN_HOSTCALL_FUEL: usize = 1024 * 1024;
/// Beyond this a user waits noticeably; runaway loops end here.
pub const PLUGIN_DEADLINE: Duration = Duration::from_millis(250);
/// Enough for a stack trace, too little to fill a disk.
pub const PLUGIN_LOG_BYTES_MAX: usize = 16 * 1024;
/// What one turn may run in wall-clock time, in deadlines: a busy machine is not the plugin's fault, but no turn waits for ever.
pub const PLUGIN_WALL_CLOCK_DEADLINES: u32 = 4;
/// How often a running turn lets others on, and how exactly its deadline is kept. Shorter costs more wake-ups than it gains.
pub const PLUGIN_TICK: Duration = Duration::from_millis(1);
/// Larger than any interpreter's own code; a compiler that is fed more takes minutes and gigabytes.
pub const PLUGIN_FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Several times what the largest interpreter takes, even in a debug build. Processor time, so that a busy machine is no reason to refuse.
pub const PLUGIN_COMPILE_CPU_TIME: Duration = Duration::from_mins(2);
/// For a compiler that waits and does not compute, and for a machine that gives it next to nothing.
pub const PLUGIN_COMPILE_WALL_CLOCK: Duration = Duration::from_mins(10);
/// Several times what Python takes.
pub const PLUGIN_COMPILE_MEMORY_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// One compiler uses all cores for most of its time; a second one fills the gaps, a third would only take memory.
pub const PLUGIN_COMPILES_AT_ONCE: usize = 2;
/// Some thirty large plugins; beyond that, what was written first goes first.
pub const PLUGIN_CACHE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Python has some thirty, and its libraries more.
pub const PLUGIN_MODULES_MAX: u64 = 500;
/// Of modules and components, as written; what they may have when they run is `PLUGIN_CORE_INSTANCES_MAX`.
pub const PLUGIN_INSTANCES_MAX: u64 = 5_000;
/// Ten times what interpreters have.
pub const PLUGIN_FUNCTIONS_MAX: u64 = 250_000;
/// The compiler takes more than its share of time for a long function; an interpreter's main loop has a tenth of this.
pub const PLUGIN_FUNCTION_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Over all functions; ten times what interpreters have.
pub const PLUGIN_LOCALS_MAX: u64 = 5_000_000;
/// Over all modules and components.
pub const PLUGIN_TYPES_MAX: u64 = 200_000;
/// Functions lifted and lowered between components and modules: all of WASI is a few hundred.
pub const PLUGIN_ADAPTERS_MAX: u64 = 20_000;
/// Below this many turns a share of failures says nothing; from it on, a plugin that fails in more than half of them is stopped.
pub const PLUGIN_BREAKER_TURNS_MIN: u32 = 20;
/// How far back its turns count.
pub const PLUGIN_BREAKER_WINDOW: Duration = Duration::from_mins(1);
/// From stopping a plugin to the first turn that tries it again, doubled by each that fails: users wait for this.
pub const PLUGIN_BREAKER_PROBE_WAIT: Duration = Duration::from_secs(10);
/// A plugin that needs outside help is found working again this late at most.
pub const PLUGIN_BREAKER_PROBE_WAIT_MAX: Duration = Duration::from_mins(2);
/// Conversations whose turns must fail before any of it counts: one user who found a message that breaks a plugin cannot take it from
/// everybody.
pub const PLUGIN_BREAKER_CONVERSATIONS_MIN: usize = 3;
/// A copy tool writes a file in a burst of events; by then most of them are over.
pub const PLUGIN_WATCH_DEBOUNCE: Duration = Duration::from_millis(200);
/// Network file systems, bind mounts and links tell nobody when a file changes; looking costs a few calls a file.
pub const PLUGIN_WATCH_POLL: Duration = Duration::from_secs(1);
/// Between the two readings of a file that may still be written to.
pub const PLUGIN_FILE_SETTLE: Duration = Duration::from_millis(100);
/// A file that was not touched for this long is read once; longer than clocks of machines that share files are apart.
pub const PLUGIN_FILE_QUIET: Duration = Duration::from_secs(10);
/// No file system keeps times coarser: writes that are this far apart can be told by them.
pub const PLUGIN_FILE_TIMES_APART: Duration = Duration::from_secs(2);
/// Plugins read and compiled at once before anything is served; each holds its file and a compiler's memory.
pub const PLUGIN_LOADS_AT_START_MAX: usize = 4;
/// The same while turns are served: they need the processors.
pub const PLUGIN_LOADS_MAX: usize = 1;
/// Of sources, bots and all else the configuration gives a name.
pub const NAME_CHARS_MAX: usize = 64;
/// Deep enough for recursive parsers; the host's own stack for the call is four times as large.
pub const PLUGIN_STACK_BYTES_MAX: usize = 512 * 1024;
/// Python has over twenty core modules in a component.
pub const PLUGIN_CORE_INSTANCES_MAX: usize = 40;
/// As many as core instances: each usually has one.
pub const PLUGIN_TABLES_MAX: usize = 40;
/// JavaScript needs two; every one more reserves 4 GiB of address space a slot.
pub const PLUGIN_MEMORIES_MAX: usize = 4;
/// Summed over all tables; interpreters need tens of thousands.
pub const PLUGIN_TABLE_ELEMENTS_MAX: usize = 100_000;
/// WASI handles open at once; a plugin holds a handful of streams.
pub const PLUGIN_RESOURCES_MAX: usize = 256;
/// A call for random bytes makes the host allocate them.
pub const PLUGIN_RANDOM_BYTES_MAX: usize = 64 * 1024;
/// Wiped by copying rather than given back to the system: the biggest single win, up to what a small plugin touches.
pub const PLUGIN_KEEP_RESIDENT_BYTES: usize = 2 * 1024 * 1024;
/// Of a plugin's own words in the journal: a stack trace fits, a flood does not.
pub const PLUGIN_ERROR_BYTES_MAX: usize = 4 * 1024;
/// A line of a plugin that answers over stdio: far beyond any decision, and no more than a process that writes nonsense may cost.
pub const STDIO_LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Instances alive at once; the pooling allocator reserves address space for each.
pub const TURNS_IN_FLIGHT_MAX: usize = 64;

/// Turns in which a candidate would have done something else, to be looked into.
pub const SHADOW_TURNS_KEPT: usize = 20;

/// What another system tells a conversation; a plugin gets it whole, and the journal keeps it.
pub const PUSHED_EVENT_BYTES_MAX: usize = 64 * 1024;

/// A plugin's call to another system, from asking to the last byte of the answer: a language model takes this long, and a user waits.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// For name, connection and TLS handshake together: whoever is there answers within it, even from another continent.
pub const CALL_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// All text of a turn together is no longer.
pub const CALL_REQUEST_BYTES_MAX: usize = TEXT_PER_TURN_BYTES_MAX;
/// An answer is kept in the journal and handed to a plugin, whose memory holds it several times over.
pub const CALL_RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// Calls of one connection under way at once: enough for hundreds of users, and what an ordinary API allows a client.
pub const CALLS_IN_FLIGHT_MAX: usize = 16;
/// Of all connections, under way or waiting for their connection; the rest waits in storage.
pub const CALLS_TAKEN_MAX: usize = 1024;
/// After the first: a hiccup is over by then, and who is down gets no more of it.
pub const CALL_RETRIES_MAX: u32 = 2;
/// Before the first repeat at most, doubled by each; the wait itself is random, so that many calls that failed together do not come
/// back together.
pub const CALL_RETRY_WAIT: Duration = Duration::from_millis(500);
/// Beyond it the user has left.
pub const CALL_RETRY_WAIT_MAX: Duration = Duration::from_secs(10);
/// What common servers take in a request line is 8 KiB; the base URL is part of it.
pub const CALL_PATH_BYTES_MAX: usize = 7 * 1024;
/// Beside those of the connection; common servers refuse more than a hundred, and a head of more than 8 KiB.
pub const CALL_HEADERS_MAX: usize = 32;
pub const CALL_HEADERS_BYTES_MAX: usize = 4 * 1024;
/// A resolver that hangs holds a thread for as long as it likes; a name is looked up by so many at once and no more.
pub const CALL_LOOKUPS_AT_ONCE: usize = 4;
/// Of the other side's or the network's own words, for the plugin and the journal.
pub const CALL_ERROR_CHARS_MAX: usize = 300;

/// Must outlast the sender's slowest retry: Braze spreads retries over up to 24 hours.
pub const DEDUPE_WINDOW: Duration = Duration::from_hours(72);
/// Without a dispatch id nothing tells a retry from a repetition; nobody types the same text twice this fast and means two things.
pub const DEDUPE_WINDOW_WITHOUT_DISPATCH_ID: Duration = Duration::from_secs(2);
/// WhatsApp's: after it only templates may be sent, so a reply is worthless.
pub const REPLY_WINDOW: Duration = Duration::from_hours(24);

/// A day: whoever writes the next morning begins anew. WhatsApp's own window closes then, too.
pub const SESSION_IDLE_TIMEOUT: Duration = Duration::from_hours(24);
/// They are in the conversation, which is written with every turn; a bot that needs more has a list of its own behind one timer.
pub const TIMERS_PER_CONVERSATION_MAX: usize = 32;
/// A timer that fires in its own turn would be a loop without end.
pub const TIMER_DELAY_MIN: Duration = Duration::from_secs(1);
/// Messages that wait for a response, or for those behind them: what a person types in a minute, and little enough to be written with
/// each of them.
pub const WAITING_MESSAGES_MAX: usize = 32;
/// Messages of one burst's turn.
pub const BURST_MESSAGES_MAX: usize = 32;
/// How long a burst may last, in windows: whoever types without end is answered in between.
pub const BURST_WINDOWS_MAX: u32 = 5;
/// Longer than this nobody waits for an answer.
pub const BURST_WINDOW_MAX: Duration = Duration::from_secs(30);
/// Turns in a row that lead to one another. A model that calls tools needs a handful; a loop needs all there are.
pub const CHAIN_TURNS_MAX: u32 = 24;

/// Restarting a desk takes less; a user should not wait longer for nobody.
pub const DESK_UNREACHABLE_AFTER: Duration = Duration::from_mins(1);
/// One call to it: an ordinary answer takes half a second, and a server that is busy a few.
pub const DESK_CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// One message, which takes a handful of calls.
pub const DESK_DELIVERY_TIMEOUT: Duration = Duration::from_secs(40);
/// A list of twenty messages at their longest.
pub const DESK_ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Messages of different conversations on their way at once: a desk is made for people, not for floods.
pub const DESK_DELIVERIES_MAX: usize = 16;
/// Messages in memory; the rest waits in storage.
pub const DESK_ROWS_TAKEN_MAX: usize = 10_000;
/// Before the second try, doubled by each further one.
pub const DESK_RETRY_WAIT: Duration = Duration::from_secs(1);
/// A desk that is back hears of everything within a minute.
pub const DESK_RETRY_WAIT_MAX: Duration = Duration::from_mins(1);
/// Where it does not say for how long it is asked too often.
pub const DESK_BUSY_WAIT: Duration = Duration::from_secs(10);
/// Whatever it says: somebody waits.
pub const DESK_BUSY_WAIT_MAX: Duration = Duration::from_mins(5);
/// What the first note repeats of the conversation: as much as an agent reads before answering.
pub const DESK_HISTORY_LINES_MAX: usize = 30;
pub const DESK_HISTORY_BYTES_MAX: usize = 16 * 1024;
/// A message of Chatwoot has up to 150,000 characters, and stands in its webhook twice.
pub const DESK_WEBHOOK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Clocks of two servers are hardly further apart, and a copy of a webhook is worth nothing after it.
pub const DESK_WEBHOOK_AGE_MAX: Duration = Duration::from_mins(5);
/// A webhook that got lost is noticed this late; at a hundred conversations it is less than a call a second.
pub const DESK_CATCH_UP_INTERVAL: Duration = Duration::from_mins(5);

/// Profile changes are worth recording late, but not for ever.
pub const TRACK_WINDOW: Duration = Duration::from_hours(72);

/// Operations that share one durable write; larger batches only add latency.
pub const STORAGE_BATCH_MAX: usize = 256;
/// Operations waiting for the writer; beyond it webhooks are told to come back later.
pub const STORAGE_QUEUE_MAX: usize = 4096;
/// redb's page cache; the operating system's page cache stands behind it.
pub const STORAGE_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// How long turns can be looked up and replayed.
pub const JOURNAL_RETENTION: Duration = Duration::from_hours(30 * 24);
/// All entries together: some ten million ordinary turns, and less than any server's disk.
pub const JOURNAL_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// Turns read from the journal at once for a program: some hundred kilobytes usually, a dozen megabytes at worst, and a read
/// transaction of a millisecond.
pub const JOURNAL_PIECE_TURNS: usize = 64;
/// A turn as a line of JSON: far beyond state, event and decision at their largest, and no more than a file that is none may cost.
pub const JOURNAL_LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Nodes of a state graph that is drawn: more nobody can follow.
pub const GRAPH_STEPS_MAX: usize = 60;
/// Arrows between them, the most travelled: the layout takes half a second for so many, and minutes for four times as many.
pub const GRAPH_WAYS_MAX: usize = 90;
/// How long the fate of a reply can be looked up.
pub const SETTLED_RETENTION: Duration = Duration::from_hours(7 * 24);
/// Long enough for a holiday between a broken template and the person who mends it.
pub const QUARANTINE_RETENTION: Duration = Duration::from_hours(30 * 24);
/// Who did what is asked about once a year.
pub const AUDIT_RETENTION: Duration = Duration::from_hours(365 * 24);
/// A working day: whoever leaves a browser open is not signed in the next morning.
pub const SIGNED_IN: Duration = Duration::from_hours(12);
/// For whoever was invited on a Friday and is back a week later; until then a link opens a door.
pub const INVITATION: Duration = Duration::from_hours(8 * 24);
/// Length is what makes a password strong.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Beyond any password manager's; hashing more is work for nothing.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Each takes its memory and a core for some 50 ms: a flood of sign-ins waits for itself, not the users' turns for it.
pub const PASSWORD_HASHES_AT_ONCE: usize = 2;
/// OWASP's parameters for argon2id, with the passes below.
pub const PASSWORD_HASH_KIB: u32 = 19 * 1024;
pub const PASSWORD_HASH_PASSES: u32 = 2;
/// An e-mail address fits.
pub const PERSON_NAME_CHARS_MAX: usize = 100;
/// Names and addresses whose tries are remembered: some hundred KiB.
pub const THROTTLE_BUCKETS_MAX: usize = 4096;
/// Tries that are refused are written to the audit log at most this often.
pub const AUDIT_SUMMARY_INTERVAL: Duration = Duration::from_mins(1);
/// Whoever looks at a conversation and goes on looking is one line of the audit log for so long.
pub const AUDIT_VIEW_INTERVAL: Duration = Duration::from_mins(10);
/// Rows of an answer of the admin API; more are asked for with the last one seen.
pub const API_PAGE_ROWS_MAX: usize = 1000;
/// A body as a JSON text: each byte of it may be six.
pub const REPAIRED_BODY_BYTES_MAX: usize = 8 * WEBHOOK_BODY_BYTES_MAX;
/// Far beyond external ids and phone numbers.
pub const USER_ID_BYTES_MAX: usize = 1024;
/// Lines of the audit log on a page.
pub const AUDIT_PAGE_ROWS: usize = 100;
/// Lines that are looked through for a page: some tens of milliseconds.
pub const AUDIT_SEARCH_ROWS_MAX: usize = 20_000;
/// How exactly it is known when a token was last used.
pub const TOKEN_USE_INTERVAL: Duration = Duration::from_mins(1);
/// Between two rounds in which expired sessions go and refused tries are written down.
pub const PEOPLE_TIDY_INTERVAL: Duration = Duration::from_secs(30);
/// Rows one sweep looks at: a few milliseconds, so that no webhook waits for it.
pub const SWEEP_ROWS_MAX: usize = 2_000;
/// Between two pieces of one sweep: 8,000 rows a second, more than turns write in the long run, for a few percent of one core.
pub const SWEEP_PIECE_INTERVAL: Duration = Duration::from_millis(250);
/// Between two sweeps.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// What a build's tools may say: more than anybody reads, and a template gone wrong can fill a disk with it.
pub const BUILD_TALK_BYTES_MAX: usize = 1024 * 1024;
/// What a build's tools may answer as data: cargo's list of what it made is a KiB for each crate.
pub const BUILD_DATA_BYTES_MAX: usize = 16 * 1024 * 1024;

/// For building the index, whatever its size: beyond the 15 MB that tantivy needs at least, more only makes for fewer and larger files.
pub const SEARCH_WRITER_BYTES: usize = 32 * 1024 * 1024;
/// What changed is found this late: often enough for a person, and each commit is a handful of synced files.
pub const SEARCH_COMMIT_INTERVAL: Duration = Duration::from_secs(1);
/// Before the last time that the index is complete up to: turns land in storage slightly out of the order of their times, and no turn
/// takes so long.
pub const SEARCH_OVERLAP: Duration = Duration::from_mins(10);
/// Conversations brought up to date at once: an erasure waits for so many.
pub const SEARCH_PIECE_CONVERSATIONS: usize = 256;
/// Turns handed to the index at once: a megabyte usually.
pub const SEARCH_PIECE_DOCUMENTS: usize = 2_000;
/// After something that may pass, like a full disk.
pub const SEARCH_RETRY: Duration = Duration::from_secs(30);
/// Between two looks at how far back the journal goes.
pub const SEARCH_SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// Each takes a thread while it runs; turns need the processors as well.
pub const SEARCHES_AT_ONCE: usize = 4;
/// Longer than anything somebody types to find something.
pub const SEARCH_QUERY_CHARS_MAX: usize = 256;
/// Each word is a walk through all that have it.
pub const SEARCH_QUERY_WORDS_MAX: usize = 16;
/// A single letter begins a twentieth of all words.
pub const SEARCH_PREFIX_CHARS_MIN: usize = 2;
/// Of a word that goes on behind others in a phrase: so many ways to go on are looked at.
pub const SEARCH_PHRASE_ENDS_MAX: u32 = 1_000;
/// Of a word in the index: what is longer is no word but data, and found by its beginning.
pub const SEARCH_WORD_CHARS_MAX: usize = 64;
/// Rows of one page.
pub const SEARCH_PAGE_MAX: usize = 100;
/// Values offered to filter by, of each kind.
pub const SEARCH_VALUES_MAX: usize = 100;

/// Somebody who waits for a person longer than this has left; the bot can at least say so.
pub const HANDOFF_OFFER_TIMEOUT: Duration = Duration::from_mins(10);
/// WhatsApp's window closes then: whoever writes after it begins anew.
pub const HANDOFF_IDLE_TIMEOUT: Duration = Duration::from_hours(24);
/// What chat users call quick; the inbox shows what is late.
pub const HANDOFF_ANSWER_WITHIN: Duration = Duration::from_mins(5);
/// Once in a while it is a comfort, with every message it is a machine.
pub const QUEUE_NOTICE_INTERVAL: Duration = Duration::from_mins(10);
/// What people said to one another, for the bot that gets the conversation back: an hour of lively chat. It is rewritten with every
/// message, so its size is paid for.
pub const HANDOFF_LINES_MAX: usize = 200;
pub const HANDOFF_LINES_BYTES_MAX: usize = 32 * 1024;
/// Answers and events for a bot that does not have its conversation; beyond it other systems talk to nobody.
pub const EVENTS_HELD_MAX: usize = 64;
/// A note is read, not scrolled through.
pub const NOTE_CHARS_MAX: usize = 4096;
/// Of the line that a list of conversations shows.
pub const CASE_LINE_CHARS_MAX: usize = 120;
/// Changes that a slow watcher may be behind; at a thousand turns a second this is four seconds.
pub const FEED_CHANGES_KEPT: usize = 4096;

/// A quarantined body that is edited, with every byte of it escaped, and what is around it.
pub const CONSOLE_FORM_BYTES_MAX: usize = 4 * WEBHOOK_BODY_BYTES_MAX;
/// What was just done is one sentence; browsers keep no cookie of more than 4 KiB, and escaping makes it three times as long.
pub const CONSOLE_FLASH_CHARS_MAX: usize = 300;
/// Pages that hear of changes at once: every visible window of a large team, a connection each.
pub const CONSOLE_LISTENERS_MAX: usize = 256;
/// What one page shows at once.
pub const CONSOLE_TOPICS_MAX: usize = 64;
/// Between two notices to a page: a person sees no more often than this.
pub const CONSOLE_QUIET: Duration = Duration::from_millis(100);
/// Between two looks at what nobody publishes.
pub const CONSOLE_LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A stream of changes ends before its connection is too old; the browser begins another.
pub const CONSOLE_LISTENING: Duration = Duration::from_mins(30);
/// Rows of the outbox that a page of the console counts: what waits in a bad hour, in a few milliseconds.
pub const CONSOLE_ROWS_COUNTED_MAX: usize = 5_000;
/// Rows that a page of the console shows at once.
pub const CONSOLE_ROWS_SHOWN: usize = 50;
/// Turns that a page of the console reads from the journal: a second's work at worst, in pieces, and more sessions than a share of them
/// needs.
pub const CONSOLE_TURNS_READ_MAX: usize = 20_000;
/// A person waits this long for a button; conversations take milliseconds unless the machine is overwhelmed.
pub const DESK_ACT_PATIENCE: Duration = Duration::from_secs(5);
/// Of a conversation's turns, what the inbox shows at once; the rest is behind a link.
pub const INBOX_TURNS_SHOWN: usize = 60;
/// Simulated conversations at once, each with a plugin and what was said: a team's, at some hundred kilobytes.
pub const SIMULATIONS_MAX: usize = 64;
/// Lines of one: more nobody types, and every page shows them all.
pub const SIMULATED_LINES_MAX: usize = 400;
/// Time that is let pass at once; a bot may set a timer in every turn, and each of them is one.
pub const SIMULATED_WAIT_MAX: Duration = Duration::from_hours(366 * 24);
/// More than an agent finds in a list.
pub const CANNED_REPLIES_MAX: usize = 200;

/// Rows of a page of conversations, and of messages that were found.
pub const CONVERSATIONS_SHOWN: usize = 25;
/// Of a message that was found, and of it before the first word that was looked for: two lines on a phone.
pub const HIT_CHARS_MAX: usize = 240;
pub const HIT_CHARS_BEFORE: usize = 60;
/// Turns of a conversation on one page: with everything about each, the page stays below 150 KiB.
pub const CONVERSATION_TURNS_SHOWN: usize = 20;
/// Of each text about a turn, where many turns are shown; the turn's own page has all of it.
pub const TURN_TEXT_CHARS_SHOWN: usize = 500;
pub const TURN_LOG_LINES_SHOWN: usize = 4;
/// Comparing takes the square of it.
pub const STATE_LINES_COMPARED_MAX: usize = 500;
/// Of a comparison of states: what a person looks through.
pub const STATE_LINES_SHOWN: usize = 60;
/// Of a line of it: what a screen is wide, twice.
pub const STATE_LINE_CHARS_SHOWN: usize = 200;
/// Turns of a conversation that are made a transcript: more nobody plays.
pub const RECORDED_TURNS_MAX: usize = 2_000;
/// Of a reason or a step that is counted: what a bot makes up as it goes must not become a text.
pub const COUNT_LABEL_CHARS_MAX: usize = 64;
