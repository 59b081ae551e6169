//! What a button or a typed line lets happen.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, State};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::memory;
use crate::console::page::{Page, done};
use crate::console::{Console, Trouble};
use crate::limits::SIMULATED_WAIT_MAX;
use crate::people::Role;
use crate::transcript::talk::{self, AGENT_ACCEPTS, AGENT_RETURNS};
use crate::transcript::{Entry, Line, Said, span};

#[derive(Deserialize)]
pub(super) struct Wanted {
    plugin: String,
    /// Which button.
    what: String,
    /// What was typed beside it.
    #[serde(default)]
    text: String,
    /// Of a request, or an event's name.
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

/// `POST /console/simulator/happen`
pub(super) async fn happen(
    State(console): State<Arc<Console>>,
    page: Page,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let simulation = console.simulations.of(&console.plugins, &page.caller.id, &wanted.plugin)?;
    let plugin = utf8_percent_encode(&wanted.plugin, NON_ALPHANUMERIC);
    let back = format!("/console/simulator?plugin={plugin}");
    if wanted.what == "reset" {
        simulation.lock().await.begin_anew(&console.plugins);
        return Ok(done(&back, ""));
    }
    let (timer, is_full) = {
        let simulation = simulation.lock().await;
        let timer = simulation.talk.player().timers().first().map(|(_, due)| *due);
        (timer, simulation.is_full())
    };
    if is_full {
        return Err(Trouble::wrong("This conversation is as long as one can be here: save it, and begin anew."));
    }
    let lines = lines(&wanted, timer)?;
    memory::play(simulation, Arc::clone(&console.plugins), lines).await?;
    Ok(done(&back, ""))
}

/// `timer` is how long it is until the next one is due.
fn lines(wanted: &Wanted, timer: Option<Duration>) -> Result<Vec<(Line, Vec<Said>)>, Trouble> {
    let Wanted { what, text, name, status, .. } = wanted;
    let text = text.trim();
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = match what.as_str() {
        "say" => return said(text),
        // What is in it is said, not read: a choice may be titled like a line of a transcript.
        "choose" => format!("> {}", talk::said(text)),
        "wait" => format!("~ {text}"),
        "timer" => match timer {
            // The next second holds it, as spans are written in whole ones.
            Some(due) => format!("~ {}", span(Duration::from_secs(due.as_secs() + 1))),
            None => return Err(Trouble::wrong("No timer is pending.")),
        },
        "external" | "response" if name.is_empty() || name.contains(char::is_whitespace) => {
            return Err(Trouble::wrong("A name is one word, e.g. order-shipped."));
        }
        "accepted" => format!("{AGENT_ACCEPTS} {one_line}"),
        "returned" => format!("{AGENT_RETURNS} {one_line}"),
        "failed" => format!("@ handoff failed {one_line}"),
        "delivery-failed" => format!("@ delivery-failed {one_line}"),
        "external" => format!("@ external {name} {one_line}"),
        "response" => format!("@ response {name} {status} {one_line}"),
        _ => return Err(Trouble::wrong("There is no such button.")),
    };
    Ok(vec![(read(&line)?, Vec::new())])
}

/// Several lines are a burst: messages so close together that they are one turn.
fn said(text: &str) -> Result<Vec<(Line, Vec<Said>)>, Trouble> {
    let mut typed = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = read(typed.next().ok_or_else(|| Trouble::wrong("Write something first."))?)?;
    let rest: Vec<&str> = typed.collect();
    if matches!(first.entry, Entry::User(_)) {
        return Ok(vec![(first, rest.into_iter().map(talk::said).collect())]);
    }
    // Lines of a transcript happen one by one.
    let rest = rest.into_iter().map(|line| Ok((read(line)?, Vec::new())));
    std::iter::once(Ok((first, Vec::new()))).chain(rest).collect()
}

fn read(line: &str) -> Result<Line, Trouble> {
    let line = talk::read(line).map_err(Trouble::wrong)?.ok_or_else(|| Trouble::wrong("Write something first."))?;
    match line.entry {
        Entry::Passes(span) if span > SIMULATED_WAIT_MAX => Err(Trouble::wrong("Let a year pass at most, at a time.")),
        _ => Ok(line),
    }
}
