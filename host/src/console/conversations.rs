//! *Conversations*: all of them, newest first, by what they are and whom they are with; what was said in them; and one of them, turn by
//! turn.

mod found;
mod list;
mod one;
mod record;
mod states;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::page::{Page, html};
use super::{Console, Trouble, words};
use crate::people::{Auditor, action};
use crate::search::{ConversationFilter, Cursor, OwnerKind, SearchError, Status, Values, Wanted, Who};
use found::HitShown;
use list::Row;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/conversations", get(index))
        .route("/console/conversations/{id}", get(one::conversation))
        .route("/console/conversations/{id}/transcript", get(record::transcript))
        .route("/console/conversations/{id}/turns/{turn}", get(turn::turn))
}

/// What the address asks for; empty is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Asked {
    /// Words of messages.
    q: String,
    /// The user's id, number or name.
    who: String,
    owner: String,
    bot: String,
    version: String,
    step: String,
    source: String,
    stuck: String,
    waiting: String,
    after: String,
}

#[derive(Template)]
#[template(path = "conversations.html")]
struct Index {
    page: Page,
    asked: Asked,
    owners: Vec<OwnerShown>,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    hits: Vec<HitShown>,
    total: u64,
    /// The next page's address.
    next: Option<String>,
    /// Why it is not what was asked for.
    problem: Option<String>,
    /// Some may be missing.
    is_building: bool,
}

/// A way to filter by owner, with how many there are.
struct OwnerShown {
    name: &'static str,
    count: u64,
    link: String,
    is_current: bool,
}

/// Values to choose one of.
struct Choice {
    name: &'static str,
    values: Vec<String>,
    chosen: String,
}

/// What a page has to show.
#[derive(Default)]
struct Shown {
    rows: Vec<Row>,
    hits: Vec<HitShown>,
    total: u64,
    next: Option<Cursor>,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let asked = asked.trimmed();
    auditor.looked(action::CONVERSATIONS_VIEWED, if asked.q.is_empty() { "list" } else { "search" }).await?;
    let shown = match asked.q.is_empty() {
        true => list::listed(&console, &asked).await,
        false => found::found(&console, &asked).await,
    };
    let (shown, problem) = match shown {
        Ok(shown) => (shown, None),
        Err(SearchError::Storage(error)) => return Err(error.into()),
        // Without an index there are still the latest, whatever was asked for.
        Err(error @ SearchError::Unavailable(_)) => {
            let rows = list::latest(&console).await?;
            let total = rows.len() as u64;
            (Shown { rows, total, ..Shown::default() }, Some(format!("{error}. These are the latest conversations.")))
        }
        Err(SearchError::BadQuery(error)) => (Shown::default(), Some(format!("That cannot be looked for: {error}."))),
    };
    let owners = owners(&console, &asked).await;
    let choices = choices(console.search.values().await.unwrap_or_default(), &asked);
    let next = shown.next.map(|Cursor(order)| asked.with("after", &order.to_string()));
    let is_building = matches!(console.search.status(), Status::Opening | Status::Building);
    let Shown { rows, hits, total, .. } = shown;
    let page = page.titled("Conversations");
    html(&Index { page, asked, owners, choices, rows, hits, total, next, problem, is_building })
}

async fn owners(console: &Console, asked: &Asked) -> Vec<OwnerShown> {
    let counts = match asked.filter() {
        Ok(filter) => console.search.owners(&filter).await.unwrap_or_default(),
        Err(_) => return Vec::new(),
    };
    let all: u64 = counts.values().sum();
    let shown = |name: &'static str, value: &str, count| OwnerShown {
        name,
        count,
        link: asked.with("owner", value),
        is_current: asked.owner == value,
    };
    let kinds =
        OwnerKind::ALL.map(|kind| shown(kind.name(), kind.name(), counts.get(&kind).copied().unwrap_or_default()));
    std::iter::once(shown("all", "", all)).chain(kinds).collect()
}

/// Where there is something to choose.
fn choices(values: Values, asked: &Asked) -> Vec<Choice> {
    let Values { bots, versions, steps, sources } = values;
    let all = [
        ("bot", bots, &asked.bot),
        ("step", steps, &asked.step),
        ("version", versions, &asked.version),
        ("source", sources, &asked.source),
    ];
    let useful = all.into_iter().filter(|(_, values, chosen)| values.len() > 1 || !chosen.is_empty());
    useful.map(|(name, values, chosen)| Choice { name, values, chosen: chosen.clone() }).collect()
}

impl Asked {
    fn trimmed(mut self) -> Self {
        for text in [&mut self.q, &mut self.who] {
            *text = text.trim().to_owned();
        }
        self
    }

    fn pairs(&self) -> [(&'static str, &str); 10] {
        [
            ("q", &self.q),
            ("who", &self.who),
            ("owner", &self.owner),
            ("bot", &self.bot),
            ("version", &self.version),
            ("step", &self.step),
            ("source", &self.source),
            ("stuck", &self.stuck),
            ("waiting", &self.waiting),
            ("after", &self.after),
        ]
    }

    /// What a form keeps: all that it has no field for.
    fn kept(&self, fields: &[&str]) -> Vec<(&'static str, &str)> {
        let kept = |(name, value): &(&str, &str)| *name != "after" && !fields.contains(name) && !value.is_empty();
        self.pairs().into_iter().filter(kept).collect()
    }

    fn kept_by_find(&self) -> Vec<(&'static str, &str)> {
        self.kept(&["q", "who"])
    }

    fn kept_by_filter(&self) -> Vec<(&'static str, &str)> {
        self.kept(&["bot", "step", "version", "source"])
    }

    /// The address of the same but for one thing, from its first page on.
    fn with(&self, name: &str, value: &str) -> String {
        let kept = self.pairs().into_iter().filter(|(kept, _)| *kept != name && *kept != "after");
        let pairs = kept.chain([(name, value)]).filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        format!("/console/conversations?{}", pairs.join("&"))
    }

    /// Whether anything narrows the list.
    fn is_filtered(&self) -> bool {
        self.pairs().iter().any(|(name, value)| *name != "after" && !value.is_empty())
    }

    fn filter(&self) -> Result<ConversationFilter, SearchError> {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Ok(ConversationFilter {
            owner: OwnerKind::named(&self.owner),
            bot: some(&self.bot),
            version: some(&self.version),
            step: some(&self.step),
            source: some(&self.source),
            stuck: !self.stuck.is_empty(),
            waiting: !self.waiting.is_empty(),
            who: some(&self.who).map(|who| Who::read(&who)).transpose()?,
        })
    }

    fn wanted(&self) -> Result<Wanted, SearchError> {
        Ok(Wanted::read(&self.q)?)
    }

    fn cursor(&self) -> Option<Cursor> {
        self.after.parse().ok().map(Cursor)
    }
}

/// What a switch is turned to.
fn toggled(value: &str) -> &'static str {
    if value.is_empty() { "1" } else { "" }
}
