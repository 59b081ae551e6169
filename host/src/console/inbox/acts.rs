//! What an agent does, from the forms beside a thread.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::queue::View;
use crate::clock::Timestamp;
use crate::console::page::{Page, done};
use crate::console::{Console, Trouble};
use crate::conversation::{Act, Agent, ConversationId, Owner};
use crate::desk::acts::Acted;
use crate::people::{Auditor, Caller, Role, action};

/// The fields of all the forms together.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Said {
    text: String,
    note: String,
    /// Minutes from now; none for until the user writes.
    minutes: String,
    team: String,
    agent: String,
    campaign: String,
    view: String,
}

impl Default for Said {
    fn default() -> Self {
        let [text, note, minutes, team, agent, campaign, view] = [(); 7].map(|()| String::new());
        Self { text, note, minutes, team, agent, campaign, view }
    }
}

/// `POST /console/inbox/{id}/{act}`
pub(super) async fn act(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Path((id, name)): Path<(String, String)>,
    Form(said): Form<Said>,
) -> Result<Response, Trouble> {
    page.needs(if name == "take-over" { Role::Operator } else { Role::Agent })?;
    let id: ConversationId = id.parse().map_err(Trouble::wrong)?;
    let view = said.view.clone();
    let act = match read(&name, said, &page.caller, page.now)? {
        Act::Assign { agent: Some(to), team } if to.id != page.caller.id => {
            Act::Assign { agent: Some(colleague(&auditor, &to.id).await?), team }
        }
        act => act,
    };
    let kind = act.kind();
    // Before it is done: nothing is done that is not written down.
    auditor.did(&action::of_desk(kind), id).await?;
    match console.acts.act(id, agent(&page.caller), act).await? {
        Acted::Done(_) => {}
        Acted::Refused(reason) => return Err(Trouble::too_late(reason)),
        Acted::Unknown => return Err(Trouble::gone("There is no such conversation any more.")),
        Acted::Queued => return Ok(done(&place(View::named(&view), Some(id)), "It is kept, and done in a moment.")),
    }
    let owner = console.storage.read(id).await?.map(|conversation| conversation.control.owner);
    let stays = owner.as_ref().is_some_and(Owner::is_at_desk);
    let view = owner.filter(|_| stays).map_or_else(|| View::named(&view), |owner| View::of(&owner, &page.caller.id));
    Ok(done(&place(view, stays.then_some(id)), what_was_done(&name)))
}

/// How the desk knows a caller.
pub(super) fn agent(caller: &Caller) -> Agent {
    Agent { id: caller.id.clone(), name: Some(caller.name.clone()) }
}

/// Somebody else who answers users: what nobody has who can sign in would wait for its idle timeout.
async fn colleague(auditor: &Auditor, id: &str) -> Result<Agent, Trouble> {
    let found = auditor.people().agent(id).await?;
    let found = found.ok_or_else(|| Trouble::wrong("agent: there is no such agent any more; choose another"))?;
    Ok(agent(&found))
}

fn place(view: View, open: Option<ConversationId>) -> String {
    let view = view.name();
    open.map_or_else(|| format!("/console/inbox?view={view}"), |id| format!("/console/inbox?view={view}&open={id}"))
}

fn read(name: &str, said: Said, caller: &Caller, now: Timestamp) -> Result<Act, Trouble> {
    let some = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    Ok(match name {
        "accept" => Act::Accept,
        "take-over" => Act::TakeOver,
        "reply" => Act::Reply { text: said.text, media: None, takes: false },
        "campaign" => Act::Campaign { name: said.campaign, properties: Vec::new() },
        "note" => Act::Note { text: said.text },
        "assign" => {
            let to_me = said.agent == "me";
            let agent = if to_me { Some(agent(caller)) } else { some(said.agent).map(|id| Agent { id, name: None }) };
            Act::Assign { agent, team: some(said.team) }
        }
        "park" => Act::Park { until: minutes(&said.minutes)?.map(|span| now.after(span)) },
        "return" => Act::Return { note: some(said.note) },
        "resolve" => Act::Resolve { note: some(said.note) },
        "decline" => Act::Decline { reason: some(said.note).unwrap_or_else(|| "no agent wanted it".into()) },
        _ => return Err(Trouble::gone("There is no such action.")),
    })
}

/// Up to a month.
fn minutes(text: &str) -> Result<Option<Duration>, Trouble> {
    if text.is_empty() {
        return Ok(None);
    }
    let minutes: u64 = text.parse().map_err(|_| Trouble::wrong("minutes: a whole number"))?;
    match minutes {
        1..=44_640 => Ok(Some(Duration::from_mins(minutes))),
        _ => Err(Trouble::wrong("minutes: 1 to 44640, a month")),
    }
}

/// Nothing where the thread shows it anyway.
fn what_was_done(name: &str) -> &'static str {
    match name {
        "return" => "The bot has it again.",
        "resolve" => "It is resolved.",
        "park" => "It is put aside.",
        "decline" => "It is declined; the bot goes on.",
        _ => "",
    }
}
