//! A decision, or why there is none, as lines of a transcript.

use serde_json::Value;

use super::Failure;
use super::said::Said;
use crate::bindings::turnwise::bot::types::{
    AttributeChange, Campaign, Decision, Effect, Handoff, Priority, Reply, Request,
};

/// One thing that a bot did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// As a transcript has it.
    pub line: String,
    /// Where something was said.
    pub said: Option<Said>,
}

impl Done {
    fn of(line: String) -> Self {
        Self { line, said: None }
    }

    fn said(said: Said) -> Self {
        Self { line: format!("< {said}").trim_end().to_owned(), said: Some(said) }
    }

    /// Whether people notice it, so that a transcript has to write it.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        is_noticed(&self.line)
    }
}

/// Whether people notice what the line says, so that a transcript has to write it.
pub(super) fn is_noticed(line: &str) -> bool {
    const NOTICED: [&str; 7] = ["campaign", "canvas", "handoff", "switch-bot", "end-session", "error", "refused"];
    match line.strip_prefix("! ") {
        Some(effect) => NOTICED.contains(&effect.split(' ').next().unwrap_or_default()),
        None => line.starts_with('<'),
    }
}

/// The lines that a transcript would have for this decision.
#[must_use]
pub fn lines(decision: &Decision) -> Vec<Done> {
    let mut lines: Vec<Done> = decision.effects.iter().flat_map(effect_lines).collect();
    lines.extend(decision.step.iter().map(|step| Done::of(format!("= step {step}"))));
    lines
}

/// The line of a turn that failed. A stack that comes with the reason stays on it.
#[must_use]
pub fn failure(failure: &Failure) -> Done {
    let (kind, why) = match failure {
        Failure::BadState(why) => ("error bad-state", why),
        Failure::Other(why) => ("error other", why),
        Failure::Refused(why) => ("refused", why),
    };
    Done::of(canonical(&format!("! {kind} {}", one_line(why))))
}

fn one_line(text: &str) -> String {
    text.trim_end().replace('\r', "").replace('\n', "\\n")
}

/// Where the JSON of a `!` line begins, if it has any.
pub(super) fn json_at(line: &str) -> Option<usize> {
    match assignment(line) {
        Some(at) => Some(at + 1),
        None => line.find(" {").or_else(|| line.find(" [")).map(|at| at + 1),
    }
}

/// Where the `=` of an attribute or a property is.
fn assignment(line: &str) -> Option<usize> {
    let at = line.find('=')?;
    let mut words = line[..at].trim_end_matches('+').split(' ');
    let assigns = words.next() == Some("!") && matches!(words.next(), Some("attribute" | "property"));
    (assigns && words.count() == 1).then_some(at)
}

/// JSON spelled one way, wherever a `!` line holds some. A bare word after `=` is a text.
pub(super) fn canonical(line: &str) -> String {
    let respell = |json: &str| serde_json::from_str::<Value>(json).map(|value| value.to_string());
    if let Some(at) = assignment(line) {
        let (head, value) = (&line[..at], &line[at + 1..]);
        // A wildcard alone stands for values of all kinds.
        let is_wildcard = matches!(value, "{...}" | "{word}" | "{number}");
        let text = || if is_wildcard { value.to_owned() } else { Value::from(value).to_string() };
        return format!("{head}={}", respell(value).unwrap_or_else(|_| text()));
    }
    match line.find(" {").or_else(|| line.find(" [")) {
        Some(at) if line.starts_with('!') => {
            respell(&line[at + 1..]).map_or_else(|_| line.to_owned(), |json| format!("{} {json}", &line[..at]))
        }
        _ => line.to_owned(),
    }
}

/// A request as its line has it, without what is sent along.
pub(super) fn request_words(request: &Request) -> String {
    format!("{} {} {}{}", request.id, request.method, request.connection, request.path)
}

fn effect_lines(effect: &Effect) -> Vec<Done> {
    let payload = |json: &String| if json == "null" { String::new() } else { format!(" {json}") };
    let line = match effect {
        Effect::Reply(reply) => return reply_lines(reply),
        Effect::Handoff(handoff) => return handoff_lines(handoff),
        Effect::SendCampaign(campaign) => format!("! campaign {}", campaign_words(campaign)),
        Effect::SendCanvas(canvas) => format!("! canvas {}", campaign_words(canvas)),
        Effect::ChangeAttribute(change) => format!("! attribute {}", attribute_words(change)),
        Effect::TrackEvent(event) => format!("! event {}{}", event.name, payload(&event.value)),
        Effect::StartTimer(timer) => {
            format!("! timer {} {}{}", timer.name, delay(timer.delay), payload(&timer.payload))
        }
        Effect::CancelTimer(name) => format!("! cancel-timer {name}"),
        Effect::Request(request) => {
            let body = request.body.as_ref().map_or_else(String::new, |body| format!(" {}", one_line(body)));
            format!("! request {}{body}", request_words(request))
        }
        Effect::Note(text) => format!("! note {}", one_line(text)),
        Effect::SwitchBot(to) => format!("! switch-bot {}{}", to.name, payload(&to.value)),
        Effect::EndSession(outcome) => format!("! end-session {outcome}"),
        Effect::Custom(custom) => format!("! custom {}{}", custom.name, payload(&custom.value)),
    };
    vec![Done::of(canonical(&line))]
}

fn reply_lines(reply: &Reply) -> Vec<Done> {
    let media = reply
        .media
        .iter()
        .map(|media| (media.mime_type.clone().unwrap_or_else(|| "unknown".to_owned()), Some(media.url.clone())));
    let choices = reply.choices.iter().map(|choice| choice.title.clone());
    let said = Said { text: reply.text.clone(), media: media.collect(), choices: choices.collect() };
    let mut lines = vec![Done::said(said)];
    lines.extend(reply.campaign.iter().map(|name| Done::of(format!("! via {name}"))));
    let property = |name: &str, value: &str| Done::of(canonical(&format!("! property {name}={value}")));
    lines.extend(reply.properties.iter().map(|of| property(&of.name, &of.value)));
    lines
}

fn handoff_lines(handoff: &Handoff) -> Vec<Done> {
    let mut lines = vec![Done::of(format!("! handoff {}", handoff.reason))];
    let notice = handoff.notice.iter();
    lines.extend(notice.map(|notice| Done::said(Said { text: notice.clone(), ..Said::default() })));
    lines.push(Done::of(canonical(&format!("! summary {}", one_line(&handoff.summary)))));
    lines.extend(handoff.team.iter().map(|team| Done::of(format!("! team {team}"))));
    let priority = match handoff.priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    };
    lines.push(Done::of(format!("! priority {priority}")));
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

/// The largest unit that divides it: `2h`, `90s`, `1d`.
fn delay(seconds: u32) -> String {
    match [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
    {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}
