//! The person on WhatsApp writes: the profile Braze would find or make, and the webhook body its campaign would render.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::chaos::Fault;
use super::memory::{Delivery, Outcome};
use super::profile::Identifier;
use super::retry::Schedule;
use super::sender::{self, Finished, Job};
use super::{Shared, views};

/// `POST /sandbox/inbound`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// Empty or missing: someone whom Braze knows only by number.
    user_id: Option<String>,
    phone_number: Option<String>,
    message: Option<String>,
    /// URLs, or objects with a `url`.
    #[serde(default)]
    media: Vec<Value>,
    flow_response: Option<Value>,
    first_name: Option<String>,
    language: Option<String>,
    /// These bytes in place of any template's.
    body: Option<String>,
    /// The same for bytes that are not text.
    body_base64: Option<String>,
    #[serde(default)]
    template: Template,
    /// In place of a fresh one, for deliveries that are to look like repetitions.
    dispatch_id: Option<String>,
}

/// Which body the webhook campaign has.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Template {
    /// As Braze's documentation has it: nothing is escaped, so quotes and line ends in the message break it.
    Documented,
    /// With a dispatch id, every value escaped, and the message last.
    #[default]
    Recommended,
}

/// A message on its way.
pub(super) struct Accepted {
    pub(super) dispatch_id: String,
    /// Told how the delivery ends; closed without a word when the sandbox stops before that.
    pub(super) finished: oneshot::Receiver<Finished>,
}

/// Writes the profile and queues the webhook. The error says what is wrong with the request.
pub(super) fn accept(shared: &Arc<Shared>, said: Said) -> Result<Accepted, String> {
    let external_id = said.user_id.as_deref().filter(|id| !id.is_empty());
    let phone = said.phone_number.as_deref().filter(|phone| !phone.is_empty());
    let identifier = match (external_id, phone) {
        (Some(id), _) => Identifier::ExternalId(id.to_owned()),
        (None, Some(phone)) => Identifier::Alias { name: phone.to_owned(), label: "phone".to_owned() },
        (None, None) => return Err("\"user_id\" or \"phone_number\" is needed to know who writes".into()),
    };
    let raw = match (&said.body, &said.body_base64) {
        (None, None) => None,
        (Some(body), None) => Some(Bytes::from(body.clone())),
        (None, Some(body)) => Some(STANDARD.decode(body).map_err(|error| format!("\"body_base64\": {error}"))?.into()),
        (Some(_), Some(_)) => return Err("\"body\" and \"body_base64\" exclude each other".into()),
    };
    let mut fields = Map::new();
    for (name, value) in
        [("phone", phone), ("first_name", said.first_name.as_deref()), ("language", said.language.as_deref())]
    {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value.into());
        }
    }
    let now = shared.now();
    let (done, finished) = oneshot::channel();
    let mut guard = shared.state();
    let state = &mut *guard;
    let profiles = &mut state.memory.profiles;
    let profile = match profiles.find(&identifier) {
        Some(profile) => profile,
        None => {
            profiles.create(identifier, state.ids.braze_id(), now).ok_or("too many profiles; POST /sandbox/reset")?
        }
    };
    profiles.write(profile, fields, now);
    let profile = profiles.get(profile);
    let user = profile.name().to_owned();
    let dispatch_id = said.dispatch_id.clone().unwrap_or_else(|| state.ids.dispatch_id());
    let rendered = Rendered {
        user_id: profile.external_id.as_deref().unwrap_or_default(),
        phone_number: profile.field("phone").unwrap_or_default(),
        first_name: profile.field("first_name").unwrap_or_default(),
        language: profile.field("language").unwrap_or_default(),
        dispatch_id: &dispatch_id,
        said: &said,
    };
    let body = raw.unwrap_or_else(|| rendered.body().into());
    state.listeners.publish("profile", || views::profile(profile));
    let hit = if state.chaos.is_empty() { None } else { state.chaos.hit_delivery() };
    let url_of = |item: &Value| item.as_str().or_else(|| item.get("url")?.as_str()).map(str::to_owned);
    let delivery = Delivery {
        at: now,
        user: user.clone(),
        dispatch_id: dispatch_id.clone(),
        message: said.message.clone().unwrap_or_default(),
        media: said.media.iter().filter_map(url_of).collect(),
        body: body.clone(),
        outcome: Outcome::Sending,
        attempts: Vec::new(),
    };
    state.listeners.publish("delivery", || views::delivery(&delivery));
    let place = state.memory.deliveries.next();
    state.memory.deliveries.push(delivery);
    drop(guard);
    let fault = hit.map(|hit| hit.fault);
    let job = Job {
        place,
        body,
        overtaken: fault == Some(Fault::Reorder),
        twice: fault == Some(Fault::DuplicateDelivery),
        done: Some(done),
        schedule: Schedule::default(),
    };
    sender::deliver(shared, &user, job);
    Ok(Accepted { dispatch_id, finished })
}

/// The values a template can show.
struct Rendered<'said> {
    user_id: &'said str,
    phone_number: &'said str,
    first_name: &'said str,
    language: &'said str,
    dispatch_id: &'said str,
    said: &'said Said,
}

impl Rendered<'_> {
    fn body(&self) -> String {
        let Self { user_id, phone_number, .. } = self;
        let message = self.said.message.as_deref().unwrap_or_default();
        match self.said.template {
            Template::Documented => {
                format!(r#"{{"user_id":"{user_id}","phone_number":"{phone_number}","message":"{message}"}}"#)
            }
            Template::Recommended => format!(
                r#"{{"user_id":{},"phone_number":{},"dispatch_id":{},"first_name":{},"language":{},"media":{},"flow_response":{},"message":{}}}"#,
                escaped(user_id),
                escaped(phone_number),
                escaped(self.dispatch_id),
                escaped(self.first_name),
                escaped(self.language),
                Value::from(self.said.media.clone()),
                escaped(&self.flow_response()),
                escaped(message),
            ),
        }
    }

    /// Liquid renders a flow's answer as its JSON text, and no answer as nothing.
    fn flow_response(&self) -> String {
        match &self.said.flow_response {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(answer) => answer.to_string(),
        }
    }
}

/// A quoted JSON string.
fn escaped(text: &str) -> Value {
    text.into()
}
