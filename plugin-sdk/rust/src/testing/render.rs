//! A decision, or why there is none, as lines of a transcript.

use serde_json::Value;

use super::Failure;
use super::transcript::Said;
use crate::bindings::turnwise::bot::types::{AttributeChange, Campaign, Decision, Effect, Handoff, Priority, Reply};

/// Whether people notice what the line says, so that a transcript has to write it.
pub(super) fn is_noticed(line: &str) -> bool {
    const NOTICED: [&str; 7] = ["campaign", "canvas", "handoff", "switch-bot", "end-session", "error", "refused"];
    match line.strip_prefix("! ") {
        Some(effect) => NOTICED.contains(&effect.split(' ').next().unwrap_or_default()),
        None => line.starts_with('<'),
    }
}

/// The lines that a transcript would have for this decision.
pub(super) fn lines(decision: &Decision) -> Vec<String> {
    let effects = decision.effects.iter().flat_map(effect_lines);
    let mut lines: Vec<String> = effects.map(|line| canonical(&line)).collect();
    lines.extend(decision.step.iter().map(|step| format!("= step {step}")));
    lines
}

/// The line of a turn that failed. A stack that comes with the reason stays on it.
pub(super) fn failure(failure: &Failure) -> String {
    let (kind, why) = match failure {
        Failure::BadState(why) => ("error bad-state", why),
        Failure::Other(why) => ("error other", why),
        Failure::Refused(why) => ("refused", why),
    };
    canonical(&format!("! {kind} {}", one_line(why)))
}

fn one_line(text: &str) -> String {
    text.trim_end().replace('\n', "\\n")
}

/// JSON spelled one way, wherever a `!` line holds some. A bare word after `=` is a text.
pub(super) fn canonical(line: &str) -> String {
    let respell = |json: &str| serde_json::from_str::<Value>(json).map(|value| value.to_string());
    if let Some((head, value)) = line.split_once('=').filter(|(head, _)| {
        let mut words = head.trim_end_matches('+').split(' ');
        words.next() == Some("!") && matches!(words.next(), Some("attribute" | "property")) && words.count() == 1
    }) {
        return format!("{head}={}", respell(value).unwrap_or_else(|_| Value::from(value).to_string()));
    }
    match line.find(" {").or_else(|| line.find(" [")) {
        Some(at) if line.starts_with('!') => {
            respell(&line[at + 1..]).map_or_else(|_| line.to_owned(), |json| format!("{} {json}", &line[..at]))
        }
        _ => line.to_owned(),
    }
}

fn effect_lines(effect: &Effect) -> Vec<String> {
    let payload = |json: &String| if json == "null" { String::new() } else { format!(" {json}") };
    match effect {
        Effect::Reply(reply) => reply_lines(reply),
        Effect::SendCampaign(campaign) => vec![format!("! campaign {}", campaign_words(campaign))],
        Effect::SendCanvas(canvas) => vec![format!("! canvas {}", campaign_words(canvas))],
        Effect::ChangeAttribute(change) => vec![format!("! attribute {}", attribute_words(change))],
        Effect::TrackEvent(event) => vec![format!("! event {}{}", event.name, payload(&event.value))],
        Effect::StartTimer(timer) => {
            vec![format!("! timer {} {}{}", timer.name, span(timer.delay), payload(&timer.payload))]
        }
        Effect::CancelTimer(name) => vec![format!("! cancel-timer {name}")],
        Effect::Request(request) => vec![format!(
            "! request {} {} {}{}{}",
            request.id,
            request.method,
            request.connection,
            request.path,
            request.body.as_ref().map_or_else(String::new, |body| format!(" {body}"))
        )],
        Effect::Handoff(handoff) => handoff_lines(handoff),
        Effect::Note(text) => vec![format!("! note {}", one_line(text))],
        Effect::SwitchBot(to) => vec![format!("! switch-bot {}{}", to.name, payload(&to.value))],
        Effect::EndSession(outcome) => vec![format!("! end-session {outcome}")],
        Effect::Custom(custom) => vec![format!("! custom {}{}", custom.name, payload(&custom.value))],
    }
}

fn reply_lines(reply: &Reply) -> Vec<String> {
    let media = reply
        .media
        .iter()
        .map(|media| (media.mime_type.clone().unwrap_or_else(|| "unknown".to_owned()), Some(media.url.clone())));
    let choices = reply.choices.iter().map(|choice| choice.title.clone());
    let said = Said { text: reply.text.clone(), media: media.collect(), choices: choices.collect() };
    let mut lines = vec![format!("< {said}")];
    lines.extend(reply.campaign.iter().map(|name| format!("! via {name}")));
    lines.extend(reply.properties.iter().map(|property| format!("! property {}={}", property.name, property.value)));
    lines
}

fn handoff_lines(handoff: &Handoff) -> Vec<String> {
    let mut lines = vec![format!("! handoff {}", handoff.reason)];
    lines.extend(handoff.notice.iter().map(|notice| {
        let said = Said { text: notice.clone(), ..Said::default() };
        format!("< {said}")
    }));
    lines.push(format!("! summary {}", one_line(&handoff.summary)));
    lines.extend(handoff.team.iter().map(|team| format!("! team {team}")));
    let priority = match handoff.priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    };
    lines.push(format!("! priority {priority}"));
    lines
}

fn campaign_words(campaign: &Campaign) -> String {
    let properties = campaign.properties.iter().map(|property| format!(" {}={}", property.name, property.value));
    std::iter::once(campaign.name.clone()).chain(properties).collect()
}

fn attribute_words(change: &AttributeChange) -> String {
    match change {
        AttributeChange::Set(set) => format!("{}={}", set.name, set.value),
        AttributeChange::Unset(name) => format!("{name} unset"),
        AttributeChange::Increment((name, by)) => format!("{name}+={by}"),
        AttributeChange::Add((name, text)) => format!("{name} add {text}"),
        AttributeChange::Remove((name, text)) => format!("{name} remove {text}"),
    }
}

/// The largest units that divide it: `2h`, `90s`, `1d`.
fn span(seconds: u32) -> String {
    match [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
    {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}
