//! *State graph*: a bot's steps as its conversations walked them, how many went which way, and where they stopped.

mod learned;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::page::{Page, html};
use super::{Console, Trouble, words};
use crate::conversation::{Conversation, ConversationId, Version};
use crate::graph::{Node, lit};
use learned::Learned;

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/console/graph", get(index))
}

/// How far back can be looked: what the address says, what people read, and hours.
const PERIODS: [(&str, &str, u64); 4] =
    [("1h", "1 hour", 1), ("24h", "24 hours", 24), ("7d", "7 days", 7 * 24), ("30d", "30 days", 30 * 24)];
const PERIOD_USUAL: usize = 1;

#[derive(Deserialize)]
struct Asked {
    bot: Option<String>,
    period: Option<String>,
    conversation: Option<String>,
}

#[derive(Template)]
#[template(path = "graph.html")]
struct Index {
    page: Page,
    bots: Vec<String>,
    bot: String,
    periods: [(&'static str, &'static str, u64); 4],
    period: &'static str,
    /// An SVG element, whose texts are escaped where it is made; none where there was no turn.
    drawing: Option<String>,
    stops: Vec<Stop>,
    learned: Learned,
    sessions: u64,
    here: Option<Here>,
}

/// A step, with what became of those who came to it.
struct Stop {
    name: String,
    sessions: u64,
    left: u64,
    /// Of those who came, in percent.
    left_percent: u64,
    failed: u64,
    handoffs: u64,
}

/// The conversation whose step is lit.
struct Here {
    id: ConversationId,
    step: String,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let found = conversation(&console, asked.conversation.as_deref()).await?;
    let mut bots = bots(&console);
    let at = found.as_ref().map(|(_, conversation)| conversation.bot.clone());
    let bot = asked.bot.or(at).or_else(|| bots.first().cloned()).unwrap_or_default();
    if !bot.is_empty() && !bots.contains(&bot) {
        bots.push(bot.clone());
    }
    let period = asked.period.and_then(|asked| PERIODS.iter().position(|(name, ..)| *name == asked));
    let (period, _, hours) = PERIODS[period.unwrap_or(PERIOD_USUAL)];
    let learned = learned::learn(&console, &bot, hours).await?;
    let here = found.filter(|(_, conversation)| conversation.bot == bot).map(|(id, conversation)| {
        let step = conversation.step.unwrap_or_default();
        Here { id, step }
    });
    let (graph, lit_node) = (learned.graph.clone(), here.as_ref().map(|here| Node::Step(here.step.clone())));
    let drawing = match graph.nodes.is_empty() {
        true => None,
        // The layout computes for up to half a second.
        false => Some(
            spawn_blocking(move || lit(&graph, lit_node.as_ref())).await.map_err(|panic| Trouble::broken(&panic))?,
        ),
    };
    let (stops, sessions) = (stops(&learned), learned.graph.sessions());
    let page = page.titled("State graph");
    html(&Index { page, bots, bot, periods: PERIODS, period, drawing, stops, learned, sessions, here })
}

/// Bots that have a plugin, or should have.
fn bots(console: &Console) -> Vec<String> {
    let routed = console.config.sources.values().map(|source| source.bot.clone());
    let loaded = console.plugins.names().into_iter().filter_map(|plugin| {
        let (bot, version) = Version::of_plugin(&plugin)?;
        (version == Version::Stable).then(|| bot.to_owned())
    });
    let mut bots: Vec<String> = routed.collect::<BTreeSet<_>>().into_iter().collect();
    let others: BTreeSet<String> = loaded.filter(|bot| !bots.contains(bot)).collect();
    bots.extend(others);
    bots
}

async fn conversation(
    console: &Console,
    asked: Option<&str>,
) -> Result<Option<(ConversationId, Conversation)>, Trouble> {
    let Some(text) = asked.filter(|text| !text.is_empty()) else { return Ok(None) };
    let id: ConversationId = text.parse().map_err(Trouble::wrong)?;
    let found = console.storage.read(id).await?;
    found
        .map(|conversation| Some((id, conversation)))
        .ok_or_else(|| Trouble::gone(format!("There is no conversation {id}.")))
}

/// Those where most were lost first.
fn stops(learned: &Learned) -> Vec<Stop> {
    let steps = learned.graph.nodes.iter().filter(|(node, _)| node.is_step() || **node == Node::Start);
    let mut stops: Vec<Stop> = steps
        .map(|(node, visits)| Stop {
            name: node.name(),
            sessions: visits.sessions,
            left: visits.left,
            left_percent: (visits.left * 100).checked_div(visits.sessions).unwrap_or_default(),
            failed: visits.failed,
            handoffs: visits.handoffs,
        })
        .collect();
    stops.sort_by_key(|stop| std::cmp::Reverse((stop.left, stop.sessions)));
    stops
}
