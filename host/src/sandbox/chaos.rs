//! Faults on order: a list of rules, each saying which requests it hits, how often, and what goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::chatwoot::WEBHOOKS;
use super::ids::Ids;

const RULES_MAX: usize = 100;
const LATENCY_MS_MAX: u64 = 600_000;

/// The rules in force; the first that hits is the one.
#[derive(Debug, Default)]
pub(super) struct Chaos {
    rules: Vec<Rule>,
}

/// What happens to one request or delivery.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) fault: Fault,
    pub(super) latency: Duration,
    /// Whether the request does its work although its answer is spoilt.
    pub(super) processed: bool,
    pub(super) without_ratelimit_headers: bool,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// Only late.
    Latency,
    Status {
        status: u16,
        body: Option<Value>,
        headers: BTreeMap<String, String>,
    },
    /// The answer's headers, then a TCP reset.
    ResetBeforeBody,
    /// A TCP reset in place of an answer.
    ResetAfterProcessing,
    /// The answer's headers, then nothing.
    Hang,
    SlowDrip {
        bytes_per_second: u64,
    },
    /// A success followed by so many bytes of white space.
    BodyBytes(u64),
    EndlessBody,
    /// 200 with a web page.
    Garbage,
    TruncatedJson,
    /// More is announced than is sent; then the connection closes.
    WrongContentLength,
    InvalidUtf8,
    EmptyObject,
    /// 204
    NoContent,
    /// 202
    Queued,
    /// 301
    RedirectTo(String),
    /// These `errors` beside the success; recipients they name by `index` get nothing.
    PartialErrors(Vec<Value>),
    /// As Braze answers for a paused campaign: success with this notice, and nothing is sent.
    Notice(String),
    /// The sender delivers the webhook twice.
    DuplicateDelivery,
    /// The sender delivers the user's next message before this one.
    Reorder,
    /// A webhook of the desk is not sent at all.
    DropDelivery,
}

#[derive(Debug)]
struct Rule {
    /// As it was put, to be shown.
    text: Value,
    path: Option<String>,
    left: Option<u64>,
    rate: f64,
    dice: Ids,
    hits: u64,
    hit: Hit,
}

/// One rule as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    path: Option<String>,
    times: Option<u64>,
    rate: Option<f64>,
    seed: Option<u64>,
    process: Option<bool>,
    #[serde(default)]
    without_ratelimit_headers: bool,
    latency_ms: Option<u64>,
    status: Option<u16>,
    body: Option<Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    reset_before_body: bool,
    #[serde(default)]
    reset_after_processing: bool,
    #[serde(default)]
    hang: bool,
    slow_drip_bytes_per_second: Option<u64>,
    body_bytes: Option<u64>,
    #[serde(default)]
    endless_body: bool,
    #[serde(default)]
    garbage: bool,
    #[serde(default)]
    truncated_json: bool,
    #[serde(default)]
    wrong_content_length: bool,
    #[serde(default)]
    invalid_utf8: bool,
    #[serde(default)]
    empty_object: bool,
    #[serde(default)]
    no_content: bool,
    #[serde(default)]
    queued: bool,
    redirect_to: Option<String>,
    partial_errors: Option<Value>,
    notice: Option<String>,
    #[serde(default)]
    duplicate_delivery: bool,
    #[serde(default)]
    reorder: bool,
    #[serde(default)]
    drop_delivery: bool,
}

impl Chaos {
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Replaces the rules by a list of them, one of them, or `{"rules": […]}`. A mistake leaves the old ones and says which rule.
    pub(super) fn put(&mut self, rules: Value) -> Result<(), String> {
        let rules = match rules {
            Value::Array(rules) => rules,
            Value::Object(mut object) if object.contains_key("rules") => match object.remove("rules") {
                Some(Value::Array(rules)) => rules,
                _ => return Err("\"rules\" must be a list".into()),
            },
            rule @ Value::Object(_) => vec![rule],
            _ => {
                return Err(
                    "chaos is a list of rules, e.g. [{\"path\": \"/users/track\", \"times\": 2, \"status\": 500}]"
                        .into(),
                );
            }
        };
        if rules.len() > RULES_MAX {
            return Err(format!("at most {RULES_MAX} rules"));
        }
        let read = |(index, text)| Rule::read(text).map_err(|problem| format!("rule {index}: {problem}"));
        self.rules = rules.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The rules as they were put, with what has become of each.
    pub(super) fn view(&self) -> Value {
        let view = |rule: &Rule| {
            let mut view = rule.text.clone();
            view["hits"] = rule.hits.into();
            if let Some(left) = rule.left {
                view["left"] = left.into();
            }
            view
        };
        json!({"rules": self.rules.iter().map(view).collect::<Vec<_>>()})
    }

    /// What happens to a request for this path of the API.
    pub(super) fn hit_request(&mut self, path: &str) -> Option<Hit> {
        let rules = self.rules.iter_mut().filter(|rule| !rule.hit.fault.is_senders());
        Self::first_hit(rules.filter(|rule| rule.path.as_deref().is_none_or(|prefix| path.starts_with(prefix))))
    }

    /// What happens to a webhook.
    pub(super) fn hit_delivery(&mut self) -> Option<Hit> {
        let of_braze = |rule: &&mut Rule| rule.hit.fault.is_senders() && !rule.is_of_desk_webhooks();
        Self::first_hit(self.rules.iter_mut().filter(of_braze))
    }

    /// What happens to a webhook of the desk, by its event. Only rules that name the path are about these.
    pub(super) fn hit_desk_webhook(&mut self, path: &str) -> Option<Hit> {
        let rules = self.rules.iter_mut().filter(|rule| rule.is_of_desk_webhooks());
        Self::first_hit(rules.filter(|rule| rule.path.as_deref().is_some_and(|prefix| path.starts_with(prefix))))
    }

    fn first_hit<'rules>(mut rules: impl Iterator<Item = &'rules mut Rule>) -> Option<Hit> {
        rules.find_map(Rule::roll)
    }
}

impl Rule {
    fn read(text: Value) -> Result<Self, String> {
        let rule: RuleText = serde_json::from_value(text.clone()).map_err(|error| error.to_string())?;
        let rate = rule.rate.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&rate) {
            return Err("\"rate\" must be from 0 to 1".into());
        }
        let latency = Duration::from_millis(rule.latency_ms.unwrap_or(0).min(LATENCY_MS_MAX));
        let (path, left, process) = (rule.path.clone(), rule.times, rule.process);
        let (without_ratelimit_headers, dice) = (rule.without_ratelimit_headers, Ids::new(rule.seed.unwrap_or(0)));
        let fault = rule.fault()?;
        let processed = process.unwrap_or_else(|| fault.processes());
        Ok(Self {
            text,
            path,
            left,
            rate,
            dice,
            hits: 0,
            hit: Hit { fault, latency, processed, without_ratelimit_headers },
        })
    }

    fn is_of_desk_webhooks(&self) -> bool {
        self.path.as_deref().is_some_and(|path| path.starts_with(WEBHOOKS))
    }

    fn roll(&mut self) -> Option<Hit> {
        if self.left == Some(0) || (self.rate < 1.0 && self.dice.fraction() >= self.rate) {
            return None;
        }
        self.left = self.left.map(|left| left - 1);
        self.hits += 1;
        Some(self.hit.clone())
    }
}

impl RuleText {
    /// The one fault it names.
    fn fault(self) -> Result<Fault, String> {
        let mut faults = Vec::new();
        if let Some(status) = self.status {
            if !(200..=999).contains(&status) {
                return Err("\"status\" must be from 200 to 999".into());
            }
            faults.push(Fault::Status { status, body: self.body, headers: self.headers });
        } else if self.body.is_some() || !self.headers.is_empty() {
            return Err("\"body\" and \"headers\" need a \"status\"".into());
        }
        let flags = [
            (self.reset_before_body, Fault::ResetBeforeBody),
            (self.reset_after_processing, Fault::ResetAfterProcessing),
            (self.hang, Fault::Hang),
            (self.endless_body, Fault::EndlessBody),
            (self.garbage, Fault::Garbage),
            (self.truncated_json, Fault::TruncatedJson),
            (self.wrong_content_length, Fault::WrongContentLength),
            (self.invalid_utf8, Fault::InvalidUtf8),
            (self.empty_object, Fault::EmptyObject),
            (self.no_content, Fault::NoContent),
            (self.queued, Fault::Queued),
            (self.duplicate_delivery, Fault::DuplicateDelivery),
            (self.reorder, Fault::Reorder),
            (self.drop_delivery, Fault::DropDelivery),
        ];
        faults.extend(flags.into_iter().filter_map(|(set, fault)| set.then_some(fault)));
        faults.extend(
            self.slow_drip_bytes_per_second.map(|rate| Fault::SlowDrip { bytes_per_second: rate.clamp(1, 1 << 20) }),
        );
        faults.extend(self.body_bytes.map(Fault::BodyBytes));
        faults.extend(self.redirect_to.map(Fault::RedirectTo));
        faults.extend(self.notice.map(Fault::Notice));
        match self.partial_errors {
            None | Some(Value::Bool(false)) => {}
            Some(Value::Array(errors)) => faults.push(Fault::PartialErrors(errors)),
            Some(Value::Bool(true)) => faults.push(Fault::PartialErrors(vec![json!({
                "type": "'external_user_id' must be a String", "input_array": "recipients", "index": 0,
            })])),
            Some(_) => return Err("\"partial_errors\" is true or a list of error objects".into()),
        }
        match (faults.pop(), faults.is_empty()) {
            (Some(fault), true) => Ok(fault),
            (None, _) if self.latency_ms.is_some() => Ok(Fault::Latency),
            (None, _) => Err("it names no fault".into()),
            (Some(_), false) => Err("it names more than one fault; write one rule for each".into()),
        }
    }
}

impl Fault {
    fn is_senders(&self) -> bool {
        matches!(self, Self::DuplicateDelivery | Self::Reorder | Self::DropDelivery)
    }

    /// Unless the rule says otherwise: a fault in front of Braze keeps the request from it, a spoilt answer comes after the work.
    fn processes(&self) -> bool {
        !matches!(
            self,
            Self::Status { .. } | Self::ResetBeforeBody | Self::Garbage | Self::RedirectTo(_) | Self::Notice(_)
        )
    }
}
