//! What a turn can ask for: every effect of the contract, by name.
//!
//! Each method pushes its effect at once; where there is more to say, it returns a builder that says it.

use std::time::Duration;

use serde::Serialize;

use crate::bindings::turnwise::bot::types as wire;
use crate::bindings::turnwise::bot::types::{AttributeChange, Effect, NamedJson};
use crate::turn::write;
use crate::{Error, Priority, Turn, WhileWaiting};

/// Pushes an effect and lends out what is in it, for a builder to say more.
macro_rules! push {
    ($turn:ident, $kind:ident($inside:ident)) => {
        match $turn.effect(Effect::$kind($inside)) {
            (Effect::$kind(inside), failure) => (inside, failure),
            _ => unreachable!("the effect lent out is the effect pushed"),
        }
    };
}

impl<S> Turn<S> {
    /// Says something to the user: not empty, at most 4096 characters.
    pub fn reply(&mut self, text: impl Into<String>) -> Reply<'_> {
        let reply = wire::Reply { text: text.into(), choices: vec![], media: None, campaign: None, properties: vec![] };
        let (reply, failure) = push!(self, Reply(reply));
        Reply { reply, failure }
    }

    /// Triggers another campaign for the user, named as in the configuration.
    pub fn send_campaign(&mut self, name: impl Into<String>) -> Campaign<'_> {
        let campaign = wire::Campaign { name: name.into(), properties: vec![] };
        let (campaign, failure) = push!(self, SendCampaign(campaign));
        Campaign { campaign, failure }
    }

    /// Enters the user into a Canvas, named as in the configuration.
    pub fn send_canvas(&mut self, name: impl Into<String>) -> Campaign<'_> {
        let campaign = wire::Campaign { name: name.into(), properties: vec![] };
        let (campaign, failure) = push!(self, SendCanvas(campaign));
        Campaign { campaign, failure }
    }

    /// Sets a custom attribute of the user's Braze profile.
    pub fn set_attribute(&mut self, name: impl Into<String>, value: impl Serialize) {
        let value = self.json(value);
        self.attribute(AttributeChange::Set(NamedJson { name: name.into(), value }));
    }

    /// Removes a custom attribute.
    pub fn unset_attribute(&mut self, name: impl Into<String>) {
        self.attribute(AttributeChange::Unset(name.into()));
    }

    /// Adds to a number. Not tried again where it is unknown whether Braze did it.
    pub fn increment_attribute(&mut self, name: impl Into<String>, by: i32) {
        self.attribute(AttributeChange::Increment((name.into(), by)));
    }

    /// Adds a text to an array of texts.
    pub fn add_to_attribute(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.attribute(AttributeChange::Add((name.into(), text.into())));
    }

    /// Removes a text from an array of texts.
    pub fn remove_from_attribute(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.attribute(AttributeChange::Remove((name.into(), text.into())));
    }

    /// Records a custom event on the user's Braze profile, with properties such as `json!({ "plan": "gold" })`.
    pub fn track_event(&mut self, name: impl Into<String>, properties: impl Serialize) {
        let value = self.json(properties);
        self.effect(Effect::TrackEvent(NamedJson { name: name.into(), value }));
    }

    /// Asks to be called again after this time (rounded up to seconds). A timer of the same name is replaced.
    pub fn start_timer(&mut self, name: impl Into<String>, delay: Duration) -> Timer<'_> {
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let timer = wire::Timer {
            name: name.into(),
            delay: u32::try_from(seconds).unwrap_or(u32::MAX),
            payload: "null".to_owned(),
            cancel_on_message: false,
        };
        let (timer, failure) = push!(self, StartTimer(timer));
        Timer { timer, failure }
    }

    /// Cancels a timer; one that is not there is fine.
    pub fn cancel_timer(&mut self, name: impl Into<String>) {
        self.effect(Effect::CancelTimer(name.into()));
    }

    /// Calls another system through a connection of the configuration, with path and query below its base URL. The
    /// answer is a later turn's [`on_response`](crate::Plugin::on_response).
    ///
    /// It is a GET with the connection's name as id and a timeout of ten seconds, unless the builder says otherwise.
    pub fn request(&mut self, connection: impl Into<String>, path: impl Into<String>) -> Request<'_> {
        let connection = connection.into();
        let request = wire::Request {
            id: connection.clone(),
            connection,
            method: "GET".to_owned(),
            path: path.into(),
            headers: vec![],
            body: None,
            timeout: 10,
            while_waiting: WhileWaiting::Deliver,
        };
        let (request, failure) = push!(self, Request(request));
        Request { request, failure }
    }

    /// Asks for a human to take over; the reason is a word or two, and counted.
    pub fn handoff(&mut self, reason: impl Into<String>) -> Handoff<'_> {
        let handoff = wire::Handoff {
            reason: reason.into(),
            summary: String::new(),
            team: None,
            priority: Priority::Normal,
            notice: None,
        };
        let (handoff, _) = push!(self, Handoff(handoff));
        Handoff { handoff }
    }

    /// Leaves a note that only the agent sees.
    pub fn note(&mut self, text: impl Into<String>) {
        self.effect(Effect::Note(text.into()));
    }

    /// Passes the conversation to another bot, with a payload for it.
    pub fn switch_bot(&mut self, bot: impl Into<String>, payload: impl Serialize) {
        let value = self.json(payload);
        self.effect(Effect::SwitchBot(NamedJson { name: bot.into(), value }));
    }

    /// Ends the session, with the outcome to count, e.g. "solved".
    pub fn end_session(&mut self, outcome: impl Into<String>) {
        self.effect(Effect::EndSession(outcome.into()));
    }

    /// Asks for an effect that this version of the contract has no name for.
    pub fn custom(&mut self, name: impl Into<String>, value: impl Serialize) {
        let value = self.json(value);
        self.effect(Effect::Custom(NamedJson { name: name.into(), value }));
    }

    fn attribute(&mut self, change: AttributeChange) {
        self.effect(Effect::ChangeAttribute(change));
    }
}

/// Says more about a reply.
pub struct Reply<'a> {
    reply: &'a mut wire::Reply,
    failure: &'a mut Option<Error>,
}

impl Reply<'_> {
    /// Offers something to tap: up to 3 become buttons (titles of at most 20 characters), up to 10 a list (24).
    pub fn choice(self, id: impl Into<String>, title: impl Into<String>) -> Self {
        self.reply.choices.push(wire::Choice { id: id.into(), title: title.into(), description: None });
        self
    }

    /// Offers a row of a list with a second line of at most 72 characters.
    pub fn choice_described(
        self,
        id: impl Into<String>,
        title: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let description = Some(description.into());
        self.reply.choices.push(wire::Choice { id: id.into(), title: title.into(), description });
        self
    }

    /// Attaches a file, e.g. of type "image/jpeg".
    pub fn media(self, url: impl Into<String>, mime_type: impl Into<String>) -> Self {
        self.reply.media = Some(wire::Media { url: url.into(), mime_type: Some(mime_type.into()) });
        self
    }

    /// Sends it through this campaign of the configuration instead of the source's reply campaign.
    pub fn campaign(self, name: impl Into<String>) -> Self {
        self.reply.campaign = Some(name.into());
        self
    }

    /// Adds a trigger property for the campaign's template.
    pub fn property(self, name: impl Into<String>, value: impl Serialize) -> Self {
        let value = write(self.failure, value);
        self.reply.properties.push(NamedJson { name: name.into(), value });
        self
    }
}

/// Says more about a campaign or Canvas.
pub struct Campaign<'a> {
    campaign: &'a mut wire::Campaign,
    failure: &'a mut Option<Error>,
}

impl Campaign<'_> {
    /// Adds a trigger property.
    pub fn property(self, name: impl Into<String>, value: impl Serialize) -> Self {
        let value = write(self.failure, value);
        self.campaign.properties.push(NamedJson { name: name.into(), value });
        self
    }
}

/// Says more about a timer.
pub struct Timer<'a> {
    timer: &'a mut wire::Timer,
    failure: &'a mut Option<Error>,
}

impl Timer<'_> {
    /// Handed back when it fires.
    pub fn payload(self, value: impl Serialize) -> Self {
        self.timer.payload = write(self.failure, value);
        self
    }

    /// Drops it by itself when the user writes before it fires.
    pub fn cancel_on_message(self) -> Self {
        self.timer.cancel_on_message = true;
        self
    }
}

/// Says more about a request.
pub struct Request<'a> {
    request: &'a mut wire::Request,
    failure: &'a mut Option<Error>,
}

impl Request<'_> {
    /// Names it; the response carries the name. For telling apart several requests on one connection.
    pub fn id(self, id: impl Into<String>) -> Self {
        self.request.id = id.into();
        self
    }

    /// e.g. "POST".
    pub fn method(self, method: impl Into<String>) -> Self {
        self.request.method = method.into();
        self
    }

    /// Adds a header beside those of the connection.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// Sends this text.
    pub fn body(self, text: impl Into<String>) -> Self {
        self.request.body = Some(text.into());
        self
    }

    /// Sends this as JSON, by POST unless [`method`](Self::method) is called after it.
    pub fn json(self, value: impl Serialize) -> Self {
        let body = write(self.failure, value);
        self.method("POST").header("content-type", "application/json").body(body)
    }

    /// Gives up after this many seconds; the connection's own limit holds where it is shorter.
    pub fn timeout_seconds(self, seconds: u32) -> Self {
        self.request.timeout = seconds;
        self
    }

    /// What a message does that arrives before the response; by default it is a turn of its own, at once.
    pub fn while_waiting(self, what: WhileWaiting) -> Self {
        self.request.while_waiting = what;
        self
    }
}

/// Says more about a handoff.
pub struct Handoff<'a> {
    handoff: &'a mut wire::Handoff,
}

impl Handoff<'_> {
    /// One line the agent reads first.
    pub fn summary(self, text: impl Into<String>) -> Self {
        self.handoff.summary = text.into();
        self
    }

    /// Said to the user while they wait.
    pub fn notice(self, text: impl Into<String>) -> Self {
        self.handoff.notice = Some(text.into());
        self
    }

    /// Who should take it, as named at the desk.
    pub fn team(self, name: impl Into<String>) -> Self {
        self.handoff.team = Some(name.into());
        self
    }

    /// How urgent it is.
    pub fn priority(self, priority: Priority) -> Self {
        self.handoff.priority = priority;
        self
    }
}
