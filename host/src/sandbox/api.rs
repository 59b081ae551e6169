//! The endpoints of others: Braze's own, a language model's, a shop's and a Chatwoot's. Who may call, how often, with what, and what is answered.

use std::fmt::Write;
use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;

use super::answer::{self, AnswerBody, Answered, Dropped, ResetSwitch};
use super::chaos::{Fault, Hit};
use super::memory::ApiRequest;
use super::profile::{Identifier, ProfileIndex};
use super::server::{BodyError, read_body};
use super::track::{Track, Tracked};
use super::trigger::{Kind, Recipients, Refusal, Trigger};
use super::{Shared, State, chatwoot, llm, shop, views};

const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Trigger(Kind),
    Track,
    /// A language model's.
    Completions,
    /// A shop's.
    Order,
    /// A Chatwoot's.
    Desk,
    Unknown,
}

/// A request that has arrived whole.
struct Call {
    endpoint: Endpoint,
    authorised: bool,
    /// None where the body was too large to be read.
    body: Option<Vec<u8>>,
}

/// Answers a request for any path that is not the sandbox's own.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    switch: &ResetSwitch,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Dropped> {
    let (parts, body) = request.into_parts();
    let body = match read_body(body, BODY_BYTES_MAX).await {
        Ok(body) => Some(body),
        Err(BodyError::TooLarge) => None,
        Err(BodyError::Broken) => return Err(Dropped),
    };
    let endpoint = Endpoint::of(&parts.method, parts.uri.path());
    let call = Call { endpoint, authorised: authorised(&parts.headers, &shared.config.api_key), body };
    let parsed = call.parse();
    let hit = {
        let mut state = shared.state();
        let asked_for = |state: &mut State| parsed.as_ref().ok().and_then(|body| state.llm_fault(body));
        let by_rule = state.chaos_for(parts.uri.path());
        by_rule.or_else(|| (endpoint == Endpoint::Completions).then(|| asked_for(&mut state)).flatten())
    };
    if let Some(hit) = &hit
        && !hit.latency.is_zero()
    {
        tokio::time::sleep(hit.latency).await;
    }
    let now = shared.now();
    let mut state = shared.state();
    let answered = match endpoint {
        Endpoint::Completions => parsed.map_or_else(|refused| refused, |body| state.complete(&body, now)),
        Endpoint::Order => shop::answer(parts.uri.path(), now),
        Endpoint::Desk if hit.as_ref().is_some_and(|hit| !hit.processed) => {
            Answered::message(200, "kept from it on order")
        }
        Endpoint::Desk => {
            let asked = chatwoot::Asked {
                method: &parts.method,
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or_default(),
                body: call.body.as_deref(),
            };
            let authorised = chatwoot::authorised(&parts.headers, &shared.config.api_key);
            state.chatwoot.answer(&asked, authorised, now)
        }
        _ => state.answer(shared, &call, parsed, hit.as_ref(), now),
    };
    let (status, body) = match &hit {
        Some(hit) => (hit.status_seen(answered.status), answered.body.clone()),
        None => (Some(answered.status), answered.body.clone()),
    };
    state.remember(record(&parts, call.body.unwrap_or_default(), status, body, now));
    let hooks = state.chatwoot.leaving();
    drop(state);
    chatwoot::send(shared, hooks);
    match hit {
        Some(hit) => answer::spoilt(answered, hit, switch),
        None => Ok(answered.into_response()),
    }
}

impl Endpoint {
    fn of(method: &Method, path: &str) -> Self {
        match (method, path) {
            (&Method::POST, "/campaigns/trigger/send") => Self::Trigger(Kind::Campaign),
            (&Method::POST, "/canvas/trigger/send") => Self::Trigger(Kind::Canvas),
            (&Method::POST, "/users/track") => Self::Track,
            (&Method::POST, llm::PATH) => Self::Completions,
            (&Method::GET, path) if path.starts_with(shop::PATH) => Self::Order,
            (_, path) if path.starts_with(chatwoot::API) => Self::Desk,
            _ => Self::Unknown,
        }
    }
}

impl Call {
    /// What the body says, or the refusal in the endpoint's form.
    fn parse(&self) -> Result<Value, Answered> {
        if matches!(self.endpoint, Endpoint::Order | Endpoint::Desk) {
            return Ok(Value::Null);
        }
        if self.endpoint == Endpoint::Completions {
            return llm::parse(self.authorised, self.body.as_deref());
        }
        if self.endpoint == Endpoint::Unknown {
            return Err(Answered::message(404, "Not Found: Invalid URL"));
        }
        if !self.authorised {
            return Err(Answered::message(401, "Invalid API Key"));
        }
        let Some(body) = &self.body else {
            return Err(Answered::message(413, "Payload Too Large: the maximum request size is 4 MB"));
        };
        serde_json::from_slice(body)
            .map_err(|_| Answered::message(400, "Bad Request: Cannot parse the request body as JSON"))
    }
}

impl Hit {
    /// The status the caller gets to see.
    fn status_seen(&self, status: u16) -> Option<u16> {
        match &self.fault {
            Fault::ResetAfterProcessing => None,
            Fault::Status { status, .. } => Some(*status),
            Fault::Garbage => Some(200),
            Fault::NoContent => Some(204),
            Fault::Queued => Some(202),
            Fault::RedirectTo(_) => Some(301),
            _ => Some(status),
        }
    }
}

impl State {
    fn chaos_for(&mut self, path: &str) -> Option<Hit> {
        if self.chaos.is_empty() { None } else { self.chaos.hit_request(path) }
    }

    fn answer(
        &mut self,
        shared: &Shared,
        call: &Call,
        parsed: Result<Value, Answered>,
        hit: Option<&Hit>,
        now: Timestamp,
    ) -> Answered {
        let pool = match call.endpoint {
            Endpoint::Track => &mut self.rates.track,
            _ => &mut self.rates.messaging,
        };
        let countable = call.endpoint != Endpoint::Unknown && call.authorised;
        let rate = if countable { pool.take(now) } else { pool.peek(now) };
        let mut answered = match parsed {
            Err(refused) => refused,
            Ok(_) if rate.exceeded => Answered::message(429, "Rate Limited: Over rate limit"),
            Ok(body) => match call.endpoint {
                Endpoint::Trigger(kind) => {
                    let body_bytes = call.body.as_ref().map_or(0, Vec::len);
                    match Trigger::read(kind, body, body_bytes, &shared.config.campaigns) {
                        Ok(trigger) => self.trigger(shared, kind, trigger, hit, now),
                        Err(Refusal(message)) => Answered::message(400, &message),
                    }
                }
                Endpoint::Track => match Track::read(body, shared.config.track_objects_per_call_max) {
                    Ok(track) => self.track(track, hit, now),
                    Err(refused) if refused.errors.is_empty() => Answered::message(400, &refused.message),
                    Err(refused) => Answered::json(400, &json!({"message": refused.message, "errors": refused.errors})),
                },
                _ => Answered::message(404, "Not Found: Invalid URL"),
            },
        };
        answered.rate = Some(rate);
        answered
    }

    fn trigger(
        &mut self,
        shared: &Shared,
        kind: Kind,
        trigger: Trigger,
        hit: Option<&Hit>,
        now: Timestamp,
    ) -> Answered {
        let dispatch_id = self.ids.dispatch_id();
        let mut errors = trigger.errors;
        let left_out: &[Value] = match hit.map(|hit| &hit.fault) {
            Some(Fault::PartialErrors(errors)) => errors,
            _ => &[],
        };
        errors.extend_from_slice(left_out);
        if hit.is_none_or(|hit| hit.processed) {
            match trigger.recipients {
                Recipients::Named(recipients) => {
                    for recipient in recipients {
                        if left_out.iter().any(|error| error["index"].as_u64() == Some(recipient.index as u64)) {
                            continue;
                        }
                        let Some(profile) = self.profile(recipient.identifier, recipient.existing_only, now) else {
                            continue;
                        };
                        let attributes = recipient.attributes.unwrap_or_default();
                        let problems = self.write_profile(profile, attributes, now);
                        errors.extend(problems.into_iter().map(
                            |problem| json!({"type": problem, "input_array": "recipients", "index": recipient.index}),
                        ));
                        self.send(shared, profile, kind, &trigger.id, &recipient.properties, &dispatch_id, now);
                    }
                }
                Recipients::Everyone(properties) => {
                    for profile in self.memory.profiles.indexes() {
                        self.send(shared, profile, kind, &trigger.id, &properties, &dispatch_id, now);
                    }
                }
            }
        }
        let notice = match hit.map(|hit| &hit.fault) {
            Some(Fault::Notice(notice)) => Some(notice),
            _ => None,
        };
        if errors.is_empty() && notice.is_none() {
            // By far the most frequent answer; the id needs no escaping.
            let body = format!(r#"{{"dispatch_id":"{dispatch_id}","message":"success"}}"#);
            return Answered { status: 201, body: Bytes::from(body), rate: None };
        }
        let mut body = json!({"dispatch_id": dispatch_id, "message": "success"});
        if let Some(notice) = notice {
            body["notice"] = notice.as_str().into();
        }
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        Answered::json(201, &body)
    }

    fn track(&mut self, track: Track, hit: Option<&Hit>, now: Timestamp) -> Answered {
        let mut body = json!({"message": "success"});
        for (name, items) in [
            ("attributes_processed", &track.attributes),
            ("events_processed", &track.events),
            ("purchases_processed", &track.purchases),
        ] {
            if !items.is_empty() {
                body[name] = items.len().into();
            }
        }
        let mut errors = track.errors;
        if hit.is_none_or(|hit| hit.processed) {
            for (index, item) in track.attributes.into_iter().enumerate() {
                let Tracked { identifier, existing_only, fields } = item;
                let Some(profile) = self.profile(identifier, existing_only, now) else { continue };
                let problems = self.write_profile(profile, fields, now);
                errors.extend(
                    problems
                        .into_iter()
                        .map(|problem| json!({"type": problem, "input_array": "attributes", "index": index})),
                );
            }
            for item in track.events {
                let Some(profile) = self.profile(item.identifier, item.existing_only, now) else { continue };
                let text = |name: &str| item.fields.get(name).and_then(Value::as_str).unwrap_or_default();
                self.memory.profiles.get_mut(profile).record_event(text("name"), text("time"), now);
                self.tell_profile(profile);
            }
            for item in track.purchases {
                let Some(profile) = self.profile(item.identifier, item.existing_only, now) else { continue };
                self.memory.profiles.get_mut(profile).purchases += 1;
                self.tell_profile(profile);
            }
        }
        match hit.map(|hit| &hit.fault) {
            Some(Fault::PartialErrors(on_order)) => errors.extend_from_slice(on_order),
            Some(Fault::Notice(notice)) => body["notice"] = notice.as_str().into(),
            _ => {}
        }
        if !errors.is_empty() {
            body["errors"] = errors.into();
        }
        Answered::json(201, &body)
    }

    fn profile(&mut self, identifier: Identifier, existing_only: bool, now: Timestamp) -> Option<ProfileIndex> {
        let profiles = &mut self.memory.profiles;
        match profiles.find(&identifier) {
            None if !existing_only => profiles.create(identifier, self.ids.braze_id(), now),
            found => found,
        }
    }

    fn write_profile(&mut self, profile: ProfileIndex, attributes: Map<String, Value>, now: Timestamp) -> Vec<String> {
        if attributes.is_empty() {
            return Vec::new();
        }
        let problems = self.memory.profiles.write(profile, attributes, now);
        self.tell_profile(profile);
        problems
    }

    fn tell_profile(&mut self, profile: ProfileIndex) {
        let profile = self.memory.profiles.get(profile);
        self.listeners.publish("profile", || views::profile(profile));
    }

    #[allow(clippy::too_many_arguments, reason = "it is what a message is made of")]
    fn send(
        &mut self,
        shared: &Shared,
        profile: ProfileIndex,
        kind: Kind,
        id: &str,
        properties: &Map<String, Value>,
        dispatch_id: &str,
        now: Timestamp,
    ) {
        let message = self.memory.receive(profile, kind, id, properties, dispatch_id, now);
        self.listeners.publish("message", || views::message(message, &shared.config.text_property));
    }

    fn remember(&mut self, request: ApiRequest) {
        self.listeners.publish("request", || views::request(&request));
        self.memory.requests.push(request);
    }
}

fn record(parts: &Parts, body: Vec<u8>, status: Option<u16>, answer: Bytes, at: Timestamp) -> ApiRequest {
    let mut head = String::with_capacity(256);
    for (name, value) in &parts.headers {
        let value = match name.as_str() {
            "authorization" => "Bearer ***",
            "api_access_token" => "***",
            _ => value.to_str().unwrap_or("(not text)"),
        };
        // Writing to a string cannot fail.
        writeln!(head, "{name}: {value}").ok();
    }
    ApiRequest {
        at,
        method: parts.method.as_str().into(),
        path: parts.uri.path().into(),
        head: head.into(),
        body: body.into(),
        status,
        answer,
    }
}

fn authorised(headers: &HeaderMap, api_key: &str) -> bool {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let key = given.next().and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    key == Some(api_key) && given.next().is_none()
}
