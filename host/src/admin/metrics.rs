//! `GET /metrics`: figures for Prometheus, without a user, a path or a text in any label.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Admin;
use super::refusal::Refusal;
use crate::plugins::Listed;

pub(super) async fn metrics(State(admin): State<Admin>) -> Result<Response, Refusal> {
    let depths = admin.storage.depths().await?;
    let mut text = Text::default();
    text.family("turnwise_build_info", "gauge", "The version that runs.");
    text.line("turnwise_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    for (name, help, value) in [
        ("turnwise_inbox_depth", "Messages and events that wait for their turn.", depths.inbox),
        ("turnwise_outbox_depth", "Rows that are not sent yet.", depths.outbox),
        ("turnwise_calls_depth", "Requests of plugins without an answer.", depths.calls),
        ("turnwise_settled_rows", "Rows whose fate is kept.", depths.settled),
        ("turnwise_quarantine_depth", "Webhook bodies that could not be read.", depths.quarantine),
        ("turnwise_journal_turns", "Turns in the journal.", depths.turns),
        ("turnwise_alarms", "Conversations in which something comes due by itself.", depths.alarms),
        ("turnwise_ready", "Whether the host is ready.", u64::from(admin.health.is_ready())),
    ] {
        text.family(name, "gauge", help);
        text.line(name, &[], value);
    }
    let plugins = admin.health.plugins.list();
    for (name, help, is) in [
        (
            "turnwise_plugin_serving",
            "Whether the plugin serves.",
            (|plugin: &Listed| plugin.serving) as fn(&Listed) -> bool,
        ),
        ("turnwise_plugin_stopped", "Whether it is stopped, because it mostly fails.", |plugin: &Listed| {
            plugin.stopped.is_some()
        }),
        ("turnwise_plugin_problem", "Whether its file is another than what serves.", |plugin: &Listed| {
            plugin.problem.is_some()
        }),
    ] {
        text.family(name, "gauge", help);
        for plugin in &plugins {
            text.line(name, &[("plugin", &plugin.name)], u64::from(is(plugin)));
        }
    }
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text.0).into_response())
}

/// The exposition format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // A string can always be written to.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}
