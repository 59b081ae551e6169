//! What the page shows of a simulated conversation.

use super::memory::Simulation;
use crate::clock::Timestamp;
use crate::console::words;
use crate::plugins::{Plugin, hex};
use crate::transcript::talk::pretty;
use crate::transcript::traced::TurnTrace;
use crate::transcript::{Done, Entry, parse_line};

/// A line of the thread.
pub(super) struct Shown {
    /// The bubble's class: `user`, `bot` or `system`.
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// Of the last reply only: what can be tapped.
    pub(super) choices: Vec<String>,
    pub(super) media: Vec<String>,
    pub(super) failed: bool,
}

/// One turn of the last line.
pub(super) struct Turn {
    pub(super) number: u32,
    pub(super) kind: String,
    pub(super) event: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) is_changed: bool,
    pub(super) done: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) took: String,
}

pub(super) struct Timer {
    pub(super) name: String,
    pub(super) due: String,
}

pub(super) struct Request {
    pub(super) id: String,
    pub(super) words: String,
}

pub(super) struct View {
    pub(super) version: String,
    pub(super) digest: String,
    /// Another version is loaded by now.
    pub(super) is_old: bool,
    pub(super) thread: Vec<Shown>,
    pub(super) time: String,
    pub(super) session: u32,
    pub(super) step: String,
    pub(super) state: String,
    pub(super) timers: Vec<Timer>,
    pub(super) requests: Vec<Request>,
    pub(super) with_agent: bool,
    pub(super) turns: Vec<Turn>,
}

impl View {
    /// `now` is the plugin that is loaded under the name.
    pub(super) fn of(simulation: &Simulation, now: Option<&Plugin>) -> Self {
        let Simulation { plugin, talk } = simulation;
        let player = talk.player();
        let timers = player.timers().into_iter();
        Self {
            version: plugin.version().unwrap_or("no version").to_owned(),
            digest: hex(&plugin.digest_short()),
            is_old: now.is_some_and(|now| now.digest != plugin.digest),
            thread: thread(simulation),
            time: words::utc(&Timestamp(player.now())),
            session: player.session(),
            step: talk.step().unwrap_or_default().to_owned(),
            state: talk.state().unwrap_or_default(),
            timers: timers.map(|(name, due)| Timer { name: name.to_owned(), due: words::span(&due) }).collect(),
            requests: player.requests().into_iter().map(|words| Request { id: first_word(&words), words }).collect(),
            with_agent: player.is_with_agent(),
            turns: talk.turns().iter().map(Turn::of).collect(),
        }
    }
}

impl Turn {
    fn of(trace: &TurnTrace) -> Self {
        let TurnTrace { turn, event, states: (before, after), done, log, took } = trace;
        let kind = event.get("tag").and_then(|tag| tag.as_str()).unwrap_or_default();
        let state = |state: &Option<String>| state.as_deref().map(pretty).unwrap_or_default();
        let micros = took.as_micros();
        Self {
            number: *turn,
            kind: kind.to_owned(),
            event: format!("{:#}", event.get("val").unwrap_or(event)),
            before: state(before),
            after: state(after),
            is_changed: before != after,
            done: done.iter().map(|done| done.line.clone()).collect(),
            log: log.iter().map(ToString::to_string).collect(),
            took: format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        }
    }
}

fn thread(simulation: &Simulation) -> Vec<Shown> {
    let mut thread = Vec::new();
    for happened in simulation.talk.history() {
        thread.extend(happened.lines.iter().map(|line| what_happened(line)));
        thread.extend(happened.done.iter().map(what_was_done));
    }
    // Choices of earlier replies are gone from a phone, too.
    let last = thread.iter().rposition(|shown: &Shown| shown.kind == "bot");
    for (place, shown) in thread.iter_mut().enumerate() {
        if Some(place) != last {
            shown.choices.clear();
        }
    }
    thread
}

fn what_happened(line: &str) -> Shown {
    let plain = |kind, text: String| Shown { kind, text, choices: Vec::new(), media: Vec::new(), failed: false };
    match parse_line(1, line).ok().flatten().map(|line| line.entry) {
        Some(Entry::User(said) | Entry::More(said)) => {
            Shown { media: said.media.iter().map(|(kind, _)| kind.clone()).collect(), ..plain("user", said.text) }
        }
        Some(Entry::Passes(span)) => plain("system", format!("{} pass", words::span(&span))),
        _ => plain("system", line.trim_start_matches("@ ").to_owned()),
    }
}

fn what_was_done(done: &Done) -> Shown {
    match &done.said {
        Some(said) => Shown {
            kind: "bot",
            text: said.text.clone(),
            choices: said.choices.clone(),
            media: said
                .media
                .iter()
                .map(|(kind, url)| format!("{kind} {}", url.as_deref().unwrap_or_default()))
                .collect(),
            failed: false,
        },
        None => Shown {
            kind: "system",
            text: done.line.clone(),
            choices: Vec::new(),
            media: Vec::new(),
            failed: done.line.starts_with("! error") || done.line.starts_with("! refused"),
        },
    }
}

fn first_word(words: &str) -> String {
    words.split(' ').next().unwrap_or_default().to_owned()
}
