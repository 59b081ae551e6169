//! A guest that does, on request, what no plugin should: the text of a message says what. Anything else is echoed.
//!
//! It is built on the bare contract, without the SDK, whose conveniences would be in the way.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use exports::turnwise::bot::bot::{Context, Decision, Error, Event, Guest};
use turnwise::bot::log::{self, Level};
use turnwise::bot::types::{Effect, NamedJson, NextState, Reply};

wit_bindgen::generate!({ path: "../../../wit", world: "plugin" });

/// The host's limit.
const STATE_BYTES_MAX: usize = 64 * 1024;
/// Additions that take about a millisecond in compiled code.
const SPINS_PER_MILLISECOND: u64 = 1_700_000;

/// Survives a turn only where an instance does.
static CALLS: AtomicU32 = AtomicU32::new(0);

struct Hostile;

impl Guest for Hostile {
    fn handle(context: Context, state: Option<String>, event: Event) -> Result<Decision, Error> {
        let Event::Message(message) = event else { return say(format!("{event:?}")) };
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        let words: Vec<&str> = message.text.split(' ').collect();
        match words[..] {
            // Traps.
            ["panic"] => panic!("asked to panic"),
            ["unreachable"] => core::arch::wasm32::unreachable(),
            ["divide", "by", "zero"] => say((7 / black_box(0)).to_string()),
            // SAFETY: none: the address is outside of the memory, and the trap that follows is what is wanted.
            ["out", "of", "bounds"] => {
                say(unsafe { std::ptr::read_volatile(black_box(0xffff_fff0_usize) as *const u8) }.to_string())
            }
            ["stack", "overflow"] => say(descend(0).to_string()),

            // Time.
            ["loop"] => loop {
                black_box(calls);
            },
            ["loop", "calling", "log"] => loop {
                log::write(Level::Debug, "");
            },
            ["slow", milliseconds] => {
                let spins = milliseconds.parse().unwrap_or(0) * SPINS_PER_MILLISECOND;
                say(format!("slow {}", (0..spins).fold(0_u64, |sum, spin| black_box(sum.wrapping_add(spin)))))
            }

            // Space.
            ["grow", "memory"] => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            ["huge", "text"] => say("x".repeat(60 << 20)),
            [count, "effects"] => {
                let count = if count == "million" { 1_000_000 } else { count.parse().unwrap_or(0) };
                decide(NextState::Keep, (0..count).map(|_| Effect::CancelTimer(String::new())).collect())
            }
            ["big", "state"] => {
                // JSON, and one byte over the limit, quotes included.
                let state = format!("\"{}\"", "s".repeat(STATE_BYTES_MAX - 1));
                decide(NextState::Replace(state), vec![reply("big state")])
            }
            ["log", "flood"] => {
                let line = "l".repeat(1024);
                (0..100_000).for_each(|_| log::write(Level::Info, &line));
                say("logged 100 MB")
            }
            ["log", "line"] => {
                log::write(Level::Info, &"l".repeat(8 << 20));
                say("logged one line of 8 MB")
            }

            // What the user must never see, or see only as text.
            ["nul", "text"] => say("before\0after"),
            ["control", "text"] => {
                say("\u{1b}[31mred\u{1b}[0m \u{202e}backwards\u{202c} {{ ${api_key} }} {% abort_message() %}\r\n\u{7}")
            }
            ["empty", "text"] => say(""),
            ["bad", "json"] => {
                let attribute = NamedJson { name: "broken".to_owned(), value: "{\"a\":".to_owned() };
                decide(NextState::Keep, vec![Effect::TrackEvent(attribute)])
            }

            // Errors that the contract has.
            ["error"] => Err(Error::Other("asked for an error".to_owned())),
            ["bad", "state"] => Err(Error::BadState("asked for a bad state".to_owned())),

            // What an instance and its context are.
            ["static"] => say(calls.to_string()),
            ["clock"] => say(format!("now {} seed {}", context.now, context.seed)),
            ["state"] => say(state.unwrap_or_else(|| "none".to_owned())),
            ["remember", text] => decide(NextState::Replace(format!("{text:?}")), vec![reply("remembered")]),
            ["forget"] => decide(NextState::Clear, vec![reply("forgotten")]),
            _ => say(message.text),
        }
    }
}

export!(Hostile);

fn say(text: impl Into<String>) -> Result<Decision, Error> {
    decide(NextState::Keep, vec![reply(text)])
}

fn reply(text: impl Into<String>) -> Effect {
    Effect::Reply(Reply { text: text.into(), choices: vec![], media: None, campaign: None, properties: vec![] })
}

fn decide(state: NextState, effects: Vec<Effect>) -> Result<Decision, Error> {
    Ok(Decision { state, effects, step: None })
}

/// Goes deeper for ever. What is added after the call keeps it from becoming a loop.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn descend(depth: u64) -> u64 {
    black_box(descend(black_box(depth + 1))) + black_box(depth)
}
