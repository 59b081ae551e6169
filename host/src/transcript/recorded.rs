//! Recorded turns as a transcript that the plugin which ran them passes.
//!
//! The player itself writes it: it is given lines and, in the plugin's place, what was decided then. A turn that no line leads to ends
//! the transcript, and it is said why.

mod happenings;
mod tape;
mod world;

use turnwise_plugin::testing::transcript::{parse_line, span};
use turnwise_plugin::testing::{Player, Said};

use crate::clock::text::rfc3339;
use crate::conversation::{Effect, Event, JournalEntry, Outcome, WhileWaiting};
use std::time::Duration;

use happenings::{carried_over, happening, on_one_line, unanswered};
use tape::Tape;
use world::World;

/// Waits under a minute are left out: they tell nothing, and would stand between all lines.
const WAIT_MIN: Duration = Duration::from_mins(1);
/// What the player lets pass with each line.
const PACE: Duration = Duration::from_secs(1);
/// The player's own, where nothing else is written.
const IDLE_TIMEOUT: Duration = Duration::from_hours(24);

/// A transcript, and how far it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub text: String,
    /// Turns of the plugin that are in it.
    pub turns: usize,
    /// Where it ends before the recorded turns do.
    pub cut: Option<Cut>,
}

/// The first turn that is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub turn: u32,
    pub session: u32,
    /// For people.
    pub why: String,
}

/// Of the turns of one conversation, in their order, those of this bot.
#[must_use]
pub fn record(entries: &[JournalEntry], bot: &str) -> Recording {
    let own: Vec<&JournalEntry> = entries.iter().filter(|entry| entry.bot == bot && ran(entry)).collect();
    let mut writer = Writer::new(&own);
    let mut cut = None;
    let mut noted = 0;
    for Step { entry, early } in order(&own) {
        let before = entries.iter().take_while(|other| other.context.turn < entry.context.turn).count();
        if before > noted {
            writer.notes(&entries[noted..before], bot);
            noted = before;
        }
        let whole = writer.text.len();
        if let Err(why) = writer.step(entry, early) {
            writer.text.truncate(whole);
            cut = Some(Cut { turn: entry.context.turn, session: entry.context.session, why });
            break;
        }
    }
    if cut.is_none() {
        writer.notes(&entries[noted..], bot);
    }
    let turns = cut.as_ref().map_or(own.len(), |cut| own.iter().filter(|one| one.context.turn < cut.turn).count());
    Recording { text: writer.text, turns, cut }
}

/// What is written next: the line of a turn, or that of a message whose turn is to come.
struct Step<'a> {
    entry: &'a JournalEntry,
    early: bool,
}

/// A message that had to wait for a response is written where it arrived, before the line that brings the response.
fn order<'a>(own: &[&'a JournalEntry]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::with_capacity(own.len());
    for entry in own {
        let received = match &entry.event {
            Event::Message(message) => message.received,
            Event::Burst(messages) => messages.last().map_or(entry.context.now, |last| last.received),
            _ => entry.context.now,
        };
        let behind =
            |step: &Step<'_>| matches!(step.entry.event, Event::Response(_)) && step.entry.context.now > received;
        let asked =
            |one: &&JournalEntry| one.context.turn < entry.context.turn && one.context.now <= received && holds(one);
        match steps.iter().position(behind).filter(|_| own.iter().any(asked)) {
            Some(place) => steps.insert(place, Step { entry, early: true }),
            None => steps.push(Step { entry, early: false }),
        }
    }
    steps
}

/// Whether it asks for something that messages have to wait for.
fn holds(entry: &JournalEntry) -> bool {
    let Outcome::Decided(decision) = &entry.outcome else { return false };
    let holds =
        |effect: &Effect| matches!(effect, Effect::Request(request) if request.while_waiting == WhileWaiting::Hold);
    decision.effects.iter().any(holds)
}

/// What a request sends is long, and often has the date in it: that it was made, and where to, is enough.
fn written(line: &str) -> &str {
    let words = if line.starts_with("! request ") { 4 } else { usize::MAX };
    line.match_indices(' ').nth(words).map_or(line, |(end, _)| &line[..end])
}

/// Whether a plugin ran in it.
fn ran(entry: &JournalEntry) -> bool {
    entry.plugin_digest != [0; 8]
}

struct Writer<'a> {
    text: String,
    player: Player,
    tape: Tape<'a>,
    world: World,
    idle_timeout: Duration,
    carried: Vec<String>,
    /// In the player's time, milliseconds since 1970.
    last_turn: u64,
}

impl<'a> Writer<'a> {
    fn new(own: &[&'a JournalEntry]) -> Self {
        let mut text = String::new();
        if let (Some(first), Some(last)) = (own.first(), own.last()) {
            let (from, to) = (rfc3339(first.context.now), rfc3339(last.context.now));
            let (id, turn) = (first.context.conversation, first.context.turn);
            text = format!("# Recorded of {}: {id} from turn {turn} on, {from} to {to}.\n", first.bot);
        }
        let player = Player::default();
        let last_turn = player.now();
        Self {
            text,
            player,
            tape: Tape::of(own.to_vec()),
            world: World::of(own),
            idle_timeout: IDLE_TIMEOUT,
            carried: Vec::new(),
            last_turn,
        }
    }

    fn step(&mut self, entry: &JournalEntry, early: bool) -> Result<(), String> {
        if early {
            let (line, more) = happening(&entry.event, self.tape.offered());
            return self.line(&line, &more);
        }
        // One line may have led to more than one turn.
        if self.tape.next().is_none_or(|next| next.context.turn > entry.context.turn) {
            return Ok(());
        }
        let turns = self.tape.turns();
        self.turn(entry)?;
        if self.tape.turns() == turns {
            return Err(format!("no line of a transcript leads to this turn of `{}`", entry.event.kind()));
        }
        Ok(())
    }

    /// Writes what leads to a turn, and what came of it.
    fn turn(&mut self, entry: &JournalEntry) -> Result<(), String> {
        for line in self.world.changes(entry) {
            self.line(&line, &[])?;
        }
        for line in unanswered(entry, self.tape.later()) {
            self.line(&line, &[])?;
        }
        match &entry.event {
            Event::Timer(timer) => {
                let pending = self.player.timers();
                let due = pending.iter().find(|(name, _)| *name == timer.name).map(|(_, due)| *due);
                let due =
                    due.ok_or_else(|| format!("the timer {} was started before the recording begins", timer.name))?;
                self.wait(if due.is_zero() { PACE } else { due })
            }
            Event::SessionExpired { idle_seconds } => self.expire(entry, Duration::from_secs((*idle_seconds).into())),
            event => {
                self.catch_up(entry)?;
                let (line, more) = happening(event, self.tape.offered());
                self.line(&line, &more)
            }
        }
    }

    /// The time that passed until a line that is about to be written.
    fn catch_up(&mut self, entry: &JournalEntry) -> Result<(), String> {
        let behind = entry.context.now.0.saturating_sub(self.player.now());
        let mut wait = Duration::from_millis(behind).saturating_sub(PACE);
        // What comes due comes in a turn of its own; a clock that is a little behind must not bring it early.
        if let Some((_, due)) = self.player.timers().first() {
            wait = wait.min(due.saturating_sub(PACE));
        }
        if wait < WAIT_MIN {
            return Ok(());
        }
        let idle = Duration::from_millis(self.player.now().saturating_sub(self.last_turn)) + wait;
        if self.tape.began() && idle >= self.idle_timeout {
            let days = idle.as_secs() / 86_400 + 1;
            self.idles(Duration::from_secs(days * 86_400))?;
        }
        self.wait(Duration::from_secs(wait.as_secs()))
    }

    fn expire(&mut self, entry: &JournalEntry, idle: Duration) -> Result<(), String> {
        if idle.abs_diff(self.idle_timeout) > WAIT_MIN {
            self.idles(idle)?;
        }
        let carried = carried_over(entry, self.tape.later().first().copied());
        if carried != self.carried {
            self.line(format!("@ carry-over {}", carried.join(", ")).trim_end(), &[])?;
            self.carried = carried;
        }
        let passed = Duration::from_millis(self.player.now().saturating_sub(self.last_turn));
        let left = self.idle_timeout.saturating_sub(passed);
        if self.player.is_with_agent() || !self.player.requests().is_empty() {
            self.wait(left)?;
            return self.line(&format!("@ session-expired {}", span(idle)), &[]);
        }
        self.wait(left.max(PACE))
    }

    fn idles(&mut self, timeout: Duration) -> Result<(), String> {
        self.idle_timeout = timeout;
        self.line(&format!("@ idle-timeout {}", span(timeout)), &[])
    }

    fn wait(&mut self, wait: Duration) -> Result<(), String> {
        if wait.is_zero() {
            return Ok(());
        }
        self.text.push('\n');
        self.line(&format!("~ {}", span(wait)), &[])
    }

    /// Writes a line, plays it, and writes what came of it.
    fn line(&mut self, line: &str, more: &[Said]) -> Result<(), String> {
        let entry = match parse_line(1, line) {
            Ok(Some(read)) => read.entry,
            Ok(None) => return Err(format!("`{line}` says nothing")),
            Err(mistake) => return Err(mistake.to_string()),
        };
        self.text += line;
        self.text.push('\n');
        for said in more {
            self.text += format!(">> {said}").trim_end();
            self.text.push('\n');
        }
        let turns = self.tape.turns();
        let done = self.player.play(&mut self.tape, &entry, more);
        if let Some(wrong) = self.tape.wrong() {
            return Err(wrong);
        }
        if self.tape.turns() > turns {
            self.last_turn = self.player.now();
        }
        for done in done {
            self.text += written(&done.line);
            self.text.push('\n');
        }
        Ok(())
    }

    /// What was there between the turns of this bot, for people.
    fn notes(&mut self, entries: &[JournalEntry], bot: &str) {
        for entry in entries.iter().filter(|entry| entry.bot == bot && !ran(entry)) {
            let what = match &entry.outcome {
                Outcome::Decided(_) => "The host decided by itself".to_owned(),
                Outcome::Failed { kind, .. } => format!("No plugin ran ({kind})"),
            };
            let (happened, _) = happening(&entry.event, &[]);
            self.text += &format!("\n# {what}: {}\n", on_one_line(&happened));
        }
        let others = entries.iter().filter(|entry| entry.bot != bot).count();
        if others > 0 {
            let noun = if others == 1 { "turn" } else { "turns" };
            self.text += &format!("\n# {others} {noun} of another bot.\n");
        }
    }
}

#[cfg(test)]
mod tests;
