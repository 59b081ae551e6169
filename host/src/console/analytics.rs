//! *Analytics*: how bots do, from what is counted a day at a time; each figure beside what exactly it is.

mod figures;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::page::{Page, html};
use super::{Console, Trouble};
use crate::plugins::hex;
use crate::storage::Counted;
use figures::{Bar, Day, Figure, Figures};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Periods that are offered, in days.
const PERIODS: [u32; 3] = [7, 30, 90];

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new().route("/console/analytics", get(index))
}

#[derive(Template)]
#[template(path = "analytics.html")]
struct Index {
    page: Page,
    days: u32,
    bot: String,
    version: String,
    bots: BTreeSet<String>,
    versions: BTreeSet<String>,
    is_empty: bool,
    figures: Vec<Figure>,
    by_day: Vec<Day>,
    charts: Vec<Chart>,
}

/// Bars under one heading.
struct Chart {
    title: &'static str,
    says: &'static str,
    bars: Vec<Bar>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    days: Option<u32>,
    bot: String,
    version: String,
}

async fn index(
    State(console): State<Arc<Console>>,
    page: Page,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let days = asked.days.filter(|days| PERIODS.contains(days)).unwrap_or(30);
    let today = u32::try_from(page.now.0 / DAY_MS).unwrap_or(u32::MAX);
    let first = today.saturating_sub(days - 1);
    let counted = console.storage.counts(first, today).await?;
    let bots = counted.iter().map(|counted| counted.count.bot.clone()).filter(|bot| !bot.is_empty()).collect();
    let of_bot = |counted: &&Counted| asked.bot.is_empty() || counted.count.bot == asked.bot;
    let versions = counted.iter().filter(of_bot).map(version).filter(|text| !text.is_empty()).collect();
    let of_version = |counted: &Counted| asked.version.is_empty() || version(counted) == asked.version;
    let shown: Vec<&Counted> = counted.iter().filter(of_bot).filter(|counted| of_version(counted)).collect();
    let figures = Figures::of(&shown);
    let charts = vec![
        Chart {
            title: "How sessions ended",
            says: "Sessions by outcome: as the bot named it; expired, stopped, restarted, interrupted, resolved and closed are Turnwise's.",
            bars: figures.outcomes(),
        },
        Chart {
            title: "Where users left",
            says: "Sessions that expired, by the step they were at.",
            bars: figures.left_at(),
        },
        Chart {
            title: "Why people were asked for",
            says: "Handoffs by the reason the bot gave.",
            bars: figures.reasons(),
        },
        Chart {
            title: "Why nobody came",
            says: "Handoffs that failed: the desk closed, nobody in time, declined, out of reach.",
            bars: figures.failures(),
        },
        Chart {
            title: "How long answers took",
            says: "From a message's arrival to the bot's decision; what Braze and WhatsApp need comes on top.",
            bars: figures.answers(),
        },
        Chart {
            title: "Turns that failed",
            says: "By kind; the user got the fallback text.",
            bars: figures.failed_turns(),
        },
    ];
    html(&Index {
        page: page.titled("Analytics"),
        days,
        is_empty: shown.is_empty(),
        bot: asked.bot.clone(),
        version: asked.version.clone(),
        bots,
        versions,
        by_day: figures::by_day(&shown, first, today),
        figures: figures.all(),
        charts: charts.into_iter().filter(|chart| !chart.bars.is_empty()).collect(),
    })
}

/// None had run where it is zero.
fn version(counted: &Counted) -> String {
    if counted.count.version == [0; 8] { String::new() } else { hex(&counted.count.version) }
}

#[cfg(test)]
mod tests;
