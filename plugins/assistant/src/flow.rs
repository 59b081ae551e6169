//! From a question to its answer: ask, use tools, try again, give up.

use std::time::Duration;

use turnwise_plugin::llm::{Answer, Failure, FailureKind, Finish, Usage, estimated_tokens, split};
use turnwise_plugin::{DeskStatus, Turn, warn};

use crate::prompt::prompt;
use crate::settings::{Settings, ToolName};
use crate::state::{Lookup, Progress, Question, State, WaitsFor};
use crate::tools::{self, Done};

pub const RETRY_TIMER: &str = "retry";

/// What WhatsApp takes in one message.
const REPLY_CHARS_MAX: usize = 4_096;
/// More messages at once would be a flood.
const REPLIES_MAX: usize = 3;
/// Where the endpoint does not say how long to wait.
const RETRY_WAIT: Duration = Duration::from_secs(2);
/// Whoever waits as long as this should hear that it goes on.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nobody waits longer than this: the fallback text is said instead.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(60);
/// A timer that is as late as this will not come any more.
const TIMER_LATE_MS_MAX: u64 = 60_000;

/// Whether the question waits for a timer that is still to come.
pub fn will_retry(turn: &Turn<State>) -> bool {
    let waits_for = turn.state.question.as_ref().map(|question| &question.waits_for);
    matches!(waits_for, Some(WaitsFor::Retry { at }) if turn.now() < at + TIMER_LATE_MS_MAX)
}

/// What was asked is not waited for any more. A request that a message gave up may be billed all the same.
pub fn drop_question(turn: &mut Turn<State>, settings: &Settings) {
    match turn.state.question.take() {
        Some(Question { waits_for: WaitsFor::Model { prompt_tokens, .. }, .. }) => {
            turn.state.spending.add(Usage { prompt_tokens, completion_tokens: 0 }, &settings.prices());
        }
        Some(Question { waits_for: WaitsFor::Retry { .. }, .. }) => turn.cancel_timer(RETRY_TIMER),
        Some(Question { waits_for: WaitsFor::Lookups(_), .. }) | None => {}
    }
}

/// Asks the model for the next answer, as long as the day's caps allow it.
///
/// A message that comes meanwhile gives the request up ("cancel"), and is asked together with what was asked before: what
/// people write in three short messages is one question, and the answer to its first third would be wrong. Holding the
/// message back would answer it apart, delivering it beside the request would answer it twice.
pub fn ask(turn: &mut Turn<State>, settings: &Settings, progress: Progress) {
    if turn.state.spending.is_spent(&settings.caps()) {
        say(turn, &settings.capped_text);
        turn.step("capped");
        return;
    }
    turn.state.memory.trim(settings.memory_tokens());
    let prompt = prompt(turn, settings, progress.rounds >= settings.rounds_max());
    let (request, prompt_tokens) = (format!("answer-{}", turn.context().turn), prompt.estimated_tokens());
    turn.state.spending.asked();
    prompt.ask(turn, "llm").id(&request);
    turn.state.question = Some(Question { waits_for: WaitsFor::Model { request, prompt_tokens }, progress });
    turn.step("thinking");
}

/// The model answered, with words or with calls.
pub fn answered(
    turn: &mut Turn<State>,
    settings: &Settings,
    answer: &Answer,
    prompt_tokens: u32,
    mut progress: Progress,
) {
    let estimated = Usage { prompt_tokens, completion_tokens: estimated_tokens(answer.text.len()) };
    turn.state.spending.add(answer.usage.unwrap_or(estimated), &settings.prices());
    let words = if answer.text.is_empty() { answer.refusal.as_deref().unwrap_or_default() } else { &answer.text };
    let words = if answer.finish == Finish::Length { cut(words) } else { words.to_owned() };
    if answer.calls.is_empty() {
        turn.state.memory.answer(answer);
        turn.state.failures = 0;
        say(turn, &words);
        turn.step("answered");
        return;
    }
    if progress.rounds >= settings.rounds_max() {
        // It was asked for words and calls all the same; its calls are not even remembered, because they get no results.
        warn!("the model calls tools without end");
        return give_up(turn, settings);
    }
    progress.rounds += 1;
    turn.state.memory.answer(answer);
    // A word such as "let me look" beside the calls.
    say(turn, &words);
    match tools::run(turn, settings) {
        Done::Answered => ask(turn, settings, progress),
        Done::Lookups(lookups) => looked_up(turn, settings, lookups, progress),
        Done::HandedOver => {
            turn.state.failures = 0;
            turn.step("handed-over");
        }
    }
}

/// Goes on when nothing is left to be looked up.
pub fn looked_up(turn: &mut Turn<State>, settings: &Settings, left: Vec<Lookup>, progress: Progress) {
    if left.is_empty() {
        return ask(turn, settings, progress);
    }
    turn.state.question = Some(Question { waits_for: WaitsFor::Lookups(left), progress });
    turn.step("looking-up");
}

/// There is no answer: try again, now or later, or give up.
pub fn failed(turn: &mut Turn<State>, settings: &Settings, failure: &Failure, mut progress: Progress) {
    warn!("{failure}");
    if let Some(usage) = failure.usage {
        turn.state.spending.add(usage, &settings.prices());
    }
    if failure.kind == FailureKind::Filtered {
        // It would be held back again and again as long as it is remembered.
        turn.state.memory.forget_last_exchange();
        say(turn, &settings.declined_text);
        turn.step("answered");
        return;
    }
    progress.tries += 1;
    let wait = failure.retry_after.unwrap_or(RETRY_WAIT);
    let again = progress.tries < settings.tries_max;
    if again && failure.kind == FailureKind::TooLong {
        let half = turn.state.memory.estimated_tokens() / 2;
        turn.state.memory.trim(half);
        ask(turn, settings, progress);
    } else if again && failure.is_passing() && wait <= RETRY_WAIT_MAX {
        retry(turn, settings, wait, failure.kind == FailureKind::TimedOut, progress);
    } else {
        if matches!(failure.kind, FailureKind::Rejected | FailureKind::TooLong) {
            // Should it be what is remembered that the endpoint does not take, the next message must not meet the same.
            turn.state.memory.clear();
        }
        give_up(turn, settings);
    }
}

fn retry(turn: &mut Turn<State>, settings: &Settings, wait: Duration, waited: bool, mut progress: Progress) {
    // A timer takes a second at least.
    let wait = wait.max(Duration::from_secs(1));
    if !progress.apologised && (waited || wait >= PATIENCE) {
        progress.apologised = true;
        say(turn, &settings.wait_text);
    }
    let at = turn.now() + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    turn.start_timer(RETRY_TIMER, wait);
    turn.state.question = Some(Question { waits_for: WaitsFor::Retry { at }, progress });
    turn.step("waiting");
}

/// Says that there is no answer; the second time in a row a person takes over.
fn give_up(turn: &mut Turn<State>, settings: &Settings) {
    turn.state.failures = turn.state.failures.saturating_add(1);
    let often = settings.failures_max > 0 && turn.state.failures >= settings.failures_max;
    if often && settings.has(ToolName::HandOver) && turn.desk() == DeskStatus::Open {
        turn.state.failures = 0;
        tools::hand_over(turn, settings, "assistant-failed", "The assistant could not answer");
        turn.step("handed-over");
        return;
    }
    say(turn, &settings.fallback_text);
    turn.step("failed");
}

/// What the limit on an answer's length cut off in the middle ends with its last whole sentence.
fn cut(text: &str) -> String {
    let chars = text.chars().count();
    split(text, chars.saturating_sub(1), 1).pop().unwrap_or_default()
}

/// What is longer than a message becomes several, divided between sentences.
pub fn say(turn: &mut Turn<State>, text: &str) {
    for part in split(text, REPLY_CHARS_MAX, REPLIES_MAX) {
        turn.reply(part);
    }
}
