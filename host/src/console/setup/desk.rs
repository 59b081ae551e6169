//! The desk's part of the page: when somebody is there, and what agents say often.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::config::{Config, DeskKind};
use crate::console::page::{Page, done};
use crate::console::{Console, Trouble, canned, words};
use crate::conversation::DeskStatus;
use crate::people::{Auditor, Role, action};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// When agents are there.
pub(super) struct Opening {
    pub(super) desk: &'static str,
    pub(super) is_open: bool,
    /// When it opens again, where that is known.
    pub(super) opens: Option<Timestamp>,
    /// e.g. `Mon Tue Wed 09:00 to 17:30, Europe/Berlin`; none where somebody always is.
    pub(super) rows: Vec<String>,
    pub(super) holidays: Vec<String>,
    pub(super) offer_timeout: String,
}

impl Opening {
    /// None where there is no desk.
    pub(super) fn of(config: &Config, now: Timestamp) -> Option<Self> {
        let desk = config.desk.as_ref()?;
        let rules = &desk.rules;
        let (is_open, opens) = match rules.hours.status(now) {
            DeskStatus::Open => (true, None),
            DeskStatus::Closed(opens) => (false, opens),
            DeskStatus::None => (false, None),
        };
        let row = |row: &crate::conversation::routing::Hours| {
            let days: Vec<&str> = DAYS.iter().zip(row.days).filter(|(_, there)| *there).map(|(day, _)| *day).collect();
            let (from, to) = row.minutes;
            let time = |minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let zone = row.time_zone.iana_name().unwrap_or("UTC");
            format!("{} {} to {}, {zone}", days.join(" "), time(from), time(to))
        };
        Some(Self {
            desk: match &desk.kind {
                DeskKind::BuiltIn => "the console's inbox",
                DeskKind::Chatwoot(_) => "Chatwoot",
            },
            is_open,
            opens,
            rows: rules.hours.rows.iter().map(row).collect(),
            holidays: rules.hours.holidays.iter().map(ToString::to_string).collect(),
            offer_timeout: words::span(&rules.offer_timeout),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Given {
    name: String,
    #[serde(default)]
    text: String,
}

/// `POST /console/setup/canned`
pub(super) async fn put(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Form(given): Form<Given>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    let (name, text) = (given.name.trim(), given.text.trim().replace("\r\n", "\n"));
    canned::put(&*console.storage, name, &text).await?;
    auditor.did(action::CANNED_CHANGED, name).await?;
    Ok(done("/console/setup", &format!("The canned reply {name} is saved.")))
}

/// `POST /console/setup/canned/remove`
pub(super) async fn remove(
    State(console): State<Arc<Console>>,
    page: Page,
    auditor: Auditor,
    Form(given): Form<Given>,
) -> Result<Response, Trouble> {
    page.needs(Role::Operator)?;
    canned::remove(&*console.storage, &given.name).await?;
    auditor.did(action::CANNED_CHANGED, &given.name).await?;
    Ok(done("/console/setup", &format!("The canned reply {} is removed.", given.name)))
}
