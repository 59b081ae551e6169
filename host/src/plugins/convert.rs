//! Between the contract's types and the pure ones, field by field: what the compiler checks here nobody has to.

use super::bindings::described::exports::turnwise::bot::manifest as described;
use super::bindings::plugin::turnwise::bot::types as wit;
use super::load::Manifest;
use crate::conversation::{
    AttributeChange, Author, Campaign, Choice, Context, Decision, DeliveryFailure, DeskStatus, Effect, Event, Handoff,
    HandoffReturn, HandoffUpdate, HttpResponse, Media, Message, NamedJson, NextState, PluginError, Priority, Reply,
    Request, RequestError, Response, Timer, TimerFired, TranscriptLine, User, UserAlias, WhileWaiting,
};

pub(super) fn context(context: &Context) -> wit::Context {
    wit::Context {
        conversation: context.conversation.to_string(),
        session: context.session,
        turn: context.turn,
        user: user(&context.user),
        source: context.source.clone(),
        now: context.now.0,
        seed: context.seed,
        settings: context.settings.iter().map(named_json).collect(),
        fields: context.fields.iter().map(named_json).collect(),
        desk: match context.desk {
            DeskStatus::Open => wit::DeskStatus::Open,
            DeskStatus::Closed(reopens) => wit::DeskStatus::Closed(reopens.map(|at| at.0)),
            DeskStatus::None => wit::DeskStatus::None,
        },
    }
}

pub(super) fn event(event: &Event) -> wit::Event {
    match event {
        Event::Message(of) => wit::Event::Message(message(of)),
        Event::Burst(messages) => wit::Event::Burst(messages.iter().map(message).collect()),
        Event::Timer(of) => wit::Event::Timer(timer_fired(of)),
        Event::Response(of) => wit::Event::Response(response(of)),
        Event::DeliveryFailed(of) => wit::Event::DeliveryFailed(delivery_failure(of)),
        Event::Handoff(of) => wit::Event::Handoff(handoff_update(of)),
        Event::SessionExpired { idle_seconds } => wit::Event::SessionExpired(*idle_seconds),
        Event::Switched(of) => wit::Event::Switched(named_json(of)),
        Event::External(of) => wit::Event::External(named_json(of)),
        // Never asked about; total all the same.
        Event::Desk(act) => {
            wit::Event::External(wit::NamedJson { name: "desk".into(), value: format!("{:?}", act.act.kind()) })
        }
    }
}

pub(super) fn decision(decision: wit::Decision) -> Decision {
    Decision {
        state: match decision.state {
            wit::NextState::Keep => NextState::Keep,
            wit::NextState::Replace(state) => NextState::Replace(state),
            wit::NextState::Clear => NextState::Clear,
        },
        effects: decision.effects.into_iter().map(effect).collect(),
        step: decision.step,
    }
}

pub(super) fn plugin_error(error: wit::Error) -> PluginError {
    match error {
        wit::Error::BadState(reason) => PluginError::BadState(reason),
        wit::Error::Other(reason) => PluginError::Other(reason),
    }
}

pub(super) fn manifest(described: described::Description) -> Manifest {
    let described::Description { name, version, state_version, steps, connections, campaigns, handles } = described;
    Manifest { name, version, state_version, steps, connections, campaigns, handles }
}

fn user(user: &User) -> wit::User {
    wit::User {
        external_id: user.external_id.clone(),
        alias: user
            .alias
            .as_ref()
            .map(|UserAlias { name, label }| wit::UserAlias { name: name.clone(), label: label.clone() }),
        phone: user.phone.clone(),
        language: user.language.clone(),
        profile_name: user.profile_name.clone(),
    }
}

fn named_json(named: &NamedJson) -> wit::NamedJson {
    wit::NamedJson { name: named.name.clone(), value: named.value.clone() }
}

fn message(message: &Message) -> wit::Message {
    wit::Message {
        id: message.id.clone(),
        text: message.text.clone(),
        media: message
            .media
            .iter()
            .map(|Media { url, mime_type }| wit::Media { url: url.clone(), mime_type: mime_type.clone() })
            .collect(),
        choice: message.choice.clone(),
        flow_response: message.flow_response.clone(),
        received: message.received.0,
    }
}

fn timer_fired(timer: &TimerFired) -> wit::TimerFired {
    wit::TimerFired { name: timer.name.clone(), payload: timer.payload.clone(), due: timer.due.0 }
}

fn response(response: &Response) -> wit::Response {
    wit::Response {
        id: response.id.clone(),
        outcome: match &response.outcome {
            Ok(HttpResponse { status, headers, body }) => {
                Ok(wit::HttpResponse { status: *status, headers: headers.clone(), body: body.clone() })
            }
            Err(error) => Err(match error {
                RequestError::Denied(reason) => wit::RequestError::Denied(reason.clone()),
                RequestError::Timeout => wit::RequestError::Timeout,
                RequestError::Unreachable(reason) => wit::RequestError::Unreachable(reason.clone()),
                RequestError::TooLarge => wit::RequestError::TooLarge,
                RequestError::Other(reason) => wit::RequestError::Other(reason.clone()),
            }),
        },
    }
}

fn delivery_failure(failure: &DeliveryFailure) -> wit::DeliveryFailure {
    wit::DeliveryFailure {
        turn: failure.turn,
        campaign: failure.campaign.clone(),
        reason: failure.reason.clone(),
        ambiguous: failure.ambiguous,
    }
}

fn handoff_update(update: &HandoffUpdate) -> wit::HandoffUpdate {
    match update {
        HandoffUpdate::Failed(reason) => wit::HandoffUpdate::Failed(reason.clone()),
        HandoffUpdate::Accepted(agent) => wit::HandoffUpdate::Accepted(agent.clone()),
        HandoffUpdate::Returned(HandoffReturn { agent, note, transcript }) => {
            wit::HandoffUpdate::Returned(wit::HandoffReturn {
                agent: agent.clone(),
                note: note.clone(),
                transcript: transcript.iter().map(transcript_line).collect(),
            })
        }
    }
}

fn transcript_line(line: &TranscriptLine) -> wit::TranscriptLine {
    wit::TranscriptLine {
        at: line.at.0,
        author: match line.author {
            Author::User => wit::Author::User,
            Author::Bot => wit::Author::Bot,
            Author::Agent => wit::Author::Agent,
        },
        text: line.text.clone(),
    }
}

fn effect(effect: wit::Effect) -> Effect {
    match effect {
        wit::Effect::Reply(of) => Effect::Reply(reply(of)),
        wit::Effect::SendCampaign(of) => Effect::SendCampaign(campaign(of)),
        wit::Effect::SendCanvas(of) => Effect::SendCanvas(campaign(of)),
        wit::Effect::ChangeAttribute(of) => Effect::ChangeAttribute(attribute_change(of)),
        wit::Effect::TrackEvent(of) => Effect::TrackEvent(named(of)),
        wit::Effect::StartTimer(of) => Effect::StartTimer(timer(of)),
        wit::Effect::CancelTimer(name) => Effect::CancelTimer(name),
        wit::Effect::Request(of) => Effect::Request(request(of)),
        wit::Effect::Handoff(of) => Effect::Handoff(handoff(of)),
        wit::Effect::Note(text) => Effect::Note(text),
        wit::Effect::SwitchBot(of) => Effect::SwitchBot(named(of)),
        wit::Effect::EndSession(outcome) => Effect::EndSession(outcome),
        wit::Effect::Custom(of) => Effect::Custom(named(of)),
    }
}

fn named(named: wit::NamedJson) -> NamedJson {
    NamedJson { name: named.name, value: named.value }
}

fn reply(reply: wit::Reply) -> Reply {
    let choice = |wit::Choice { id, title, description }| Choice { id, title, description };
    Reply {
        text: reply.text,
        choices: reply.choices.into_iter().map(choice).collect(),
        media: reply.media.map(|wit::Media { url, mime_type }| Media { url, mime_type }),
        campaign: reply.campaign,
        properties: reply.properties.into_iter().map(named).collect(),
    }
}

fn campaign(campaign: wit::Campaign) -> Campaign {
    Campaign { name: campaign.name, properties: campaign.properties.into_iter().map(named).collect() }
}

fn attribute_change(change: wit::AttributeChange) -> AttributeChange {
    match change {
        wit::AttributeChange::Set(of) => AttributeChange::Set(named(of)),
        wit::AttributeChange::Unset(name) => AttributeChange::Unset(name),
        wit::AttributeChange::Increment((name, by)) => AttributeChange::Increment(name, by),
        wit::AttributeChange::Add((name, text)) => AttributeChange::Add(name, text),
        wit::AttributeChange::Remove((name, text)) => AttributeChange::Remove(name, text),
    }
}

fn timer(timer: wit::Timer) -> Timer {
    Timer {
        name: timer.name,
        delay_seconds: timer.delay,
        payload: timer.payload,
        cancel_on_message: timer.cancel_on_message,
    }
}

fn request(request: wit::Request) -> Request {
    Request {
        id: request.id,
        connection: request.connection,
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body,
        timeout_seconds: request.timeout,
        while_waiting: match request.while_waiting {
            wit::WhileWaiting::Deliver => WhileWaiting::Deliver,
            wit::WhileWaiting::Hold => WhileWaiting::Hold,
            wit::WhileWaiting::Cancel => WhileWaiting::Cancel,
        },
    }
}

fn handoff(handoff: wit::Handoff) -> Handoff {
    Handoff {
        reason: handoff.reason,
        summary: handoff.summary,
        team: handoff.team,
        priority: match handoff.priority {
            wit::Priority::Low => Priority::Low,
            wit::Priority::Normal => Priority::Normal,
            wit::Priority::High => Priority::High,
            wit::Priority::Urgent => Priority::Urgent,
        },
        notice: handoff.notice,
    }
}
