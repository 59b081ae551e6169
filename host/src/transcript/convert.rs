//! Between the SDK's types, in which the player speaks, and the pure ones, field by field: what the compiler checks here nobody
//! has to.

use turnwise_plugin::testing::contract as sdk;

use crate::clock::Timestamp;
use crate::conversation::{
    AttributeChange, Author, Campaign, Choice, Context, ConversationId, Decision, DeliveryFailure, DeskStatus, Effect,
    Event, Handoff, HandoffReturn, HandoffUpdate, HttpResponse, Media, Message, NamedJson, NextState, Priority, Reply,
    Request, RequestError, Response, Timer, TimerFired, TranscriptLine, User, UserAlias, WhileWaiting,
};

pub(super) fn context(context: &sdk::Context) -> Context {
    let sdk::Context { conversation, session, turn, user, source, now, seed, settings, fields, desk } = context;
    Context {
        // The player's id is one of ours; another could only come from another player.
        conversation: conversation.parse().unwrap_or_else(|_| ConversationId::of(source, conversation)),
        session: *session,
        turn: *turn,
        user: self::user(user),
        source: source.clone(),
        now: Timestamp(*now),
        seed: *seed,
        settings: settings.iter().map(named_json).collect(),
        fields: fields.iter().map(named_json).collect(),
        desk: match desk {
            sdk::DeskStatus::Open => DeskStatus::Open,
            sdk::DeskStatus::Closed(reopens) => DeskStatus::Closed(reopens.map(Timestamp)),
            sdk::DeskStatus::None => DeskStatus::None,
        },
    }
}

pub(super) fn event(event: &sdk::Event) -> Event {
    match event {
        sdk::Event::Message(of) => Event::Message(message(of)),
        sdk::Event::Burst(messages) => Event::Burst(messages.iter().map(message).collect()),
        sdk::Event::Timer(of) => Event::Timer(timer_fired(of)),
        sdk::Event::Response(of) => Event::Response(response(of)),
        sdk::Event::DeliveryFailed(of) => Event::DeliveryFailed(delivery_failure(of)),
        sdk::Event::Handoff(of) => Event::Handoff(handoff_update(of)),
        sdk::Event::SessionExpired(idle_seconds) => Event::SessionExpired { idle_seconds: *idle_seconds },
        sdk::Event::Switched(of) => Event::Switched(named_json(of)),
        sdk::Event::External(of) => Event::External(named_json(of)),
    }
}

pub(super) fn decision(decision: Decision) -> sdk::Decision {
    let Decision { state, effects, step } = decision;
    sdk::Decision {
        state: match state {
            NextState::Keep => sdk::NextState::Keep,
            NextState::Replace(state) => sdk::NextState::Replace(state),
            NextState::Clear => sdk::NextState::Clear,
        },
        effects: effects.into_iter().map(effect).collect(),
        step,
    }
}

fn user(user: &sdk::User) -> User {
    let sdk::User { external_id, alias, phone, language, profile_name } = user;
    let alias = alias.as_ref();
    User {
        external_id: external_id.clone(),
        alias: alias.map(|sdk::UserAlias { name, label }| UserAlias { name: name.clone(), label: label.clone() }),
        phone: phone.clone(),
        language: language.clone(),
        profile_name: profile_name.clone(),
    }
}

fn named_json(named: &sdk::NamedJson) -> NamedJson {
    let sdk::NamedJson { name, value } = named;
    NamedJson { name: name.clone(), value: value.clone() }
}

fn message(message: &sdk::Message) -> Message {
    let sdk::Message { id, text, media, choice, flow_response, received } = message;
    let file = |sdk::Media { url, mime_type }: &sdk::Media| Media { url: url.clone(), mime_type: mime_type.clone() };
    Message {
        id: id.clone(),
        text: text.clone(),
        media: media.iter().map(file).collect(),
        choice: choice.clone(),
        flow_response: flow_response.clone(),
        received: Timestamp(*received),
    }
}

fn timer_fired(timer: &sdk::TimerFired) -> TimerFired {
    let sdk::TimerFired { name, payload, due } = timer;
    TimerFired { name: name.clone(), payload: payload.clone(), due: Timestamp(*due) }
}

fn response(response: &sdk::Response) -> Response {
    let sdk::Response { id, outcome } = response;
    Response {
        id: id.clone(),
        outcome: match outcome {
            Ok(sdk::HttpResponse { status, headers, body }) => {
                Ok(HttpResponse { status: *status, headers: headers.clone(), body: body.clone() })
            }
            Err(error) => Err(match error {
                sdk::RequestError::Denied(reason) => RequestError::Denied(reason.clone()),
                sdk::RequestError::Timeout => RequestError::Timeout,
                sdk::RequestError::Unreachable(reason) => RequestError::Unreachable(reason.clone()),
                sdk::RequestError::TooLarge => RequestError::TooLarge,
                sdk::RequestError::Other(reason) => RequestError::Other(reason.clone()),
            }),
        },
    }
}

fn delivery_failure(failure: &sdk::DeliveryFailure) -> DeliveryFailure {
    let sdk::DeliveryFailure { turn, campaign, reason, ambiguous } = failure;
    DeliveryFailure { turn: *turn, campaign: campaign.clone(), reason: reason.clone(), ambiguous: *ambiguous }
}

fn handoff_update(update: &sdk::HandoffUpdate) -> HandoffUpdate {
    match update {
        sdk::HandoffUpdate::Failed(reason) => HandoffUpdate::Failed(reason.clone()),
        sdk::HandoffUpdate::Accepted(agent) => HandoffUpdate::Accepted(agent.clone()),
        sdk::HandoffUpdate::Returned(sdk::HandoffReturn { agent, note, transcript }) => {
            HandoffUpdate::Returned(HandoffReturn {
                agent: agent.clone(),
                note: note.clone(),
                transcript: transcript.iter().map(transcript_line).collect(),
            })
        }
    }
}

fn transcript_line(line: &sdk::TranscriptLine) -> TranscriptLine {
    let sdk::TranscriptLine { at, author, text } = line;
    TranscriptLine {
        at: Timestamp(*at),
        author: match author {
            sdk::Author::User => Author::User,
            sdk::Author::Bot => Author::Bot,
            sdk::Author::Agent => Author::Agent,
        },
        text: text.clone(),
    }
}

fn effect(effect: Effect) -> sdk::Effect {
    match effect {
        Effect::Reply(of) => sdk::Effect::Reply(reply(of)),
        Effect::SendCampaign(of) => sdk::Effect::SendCampaign(campaign(of)),
        Effect::SendCanvas(of) => sdk::Effect::SendCanvas(campaign(of)),
        Effect::ChangeAttribute(of) => sdk::Effect::ChangeAttribute(attribute_change(of)),
        Effect::TrackEvent(of) => sdk::Effect::TrackEvent(named(of)),
        Effect::StartTimer(of) => sdk::Effect::StartTimer(timer(of)),
        Effect::CancelTimer(name) => sdk::Effect::CancelTimer(name),
        Effect::Request(of) => sdk::Effect::Request(request(of)),
        Effect::Handoff(of) => sdk::Effect::Handoff(handoff(of)),
        Effect::Note(text) => sdk::Effect::Note(text),
        Effect::SwitchBot(of) => sdk::Effect::SwitchBot(named(of)),
        Effect::EndSession(outcome) => sdk::Effect::EndSession(outcome),
        Effect::Custom(of) => sdk::Effect::Custom(named(of)),
    }
}

fn named(NamedJson { name, value }: NamedJson) -> sdk::NamedJson {
    sdk::NamedJson { name, value }
}

fn reply(reply: Reply) -> sdk::Reply {
    let Reply { text, choices, media, campaign, properties } = reply;
    let choice = |Choice { id, title, description }| sdk::Choice { id, title, description };
    sdk::Reply {
        text,
        choices: choices.into_iter().map(choice).collect(),
        media: media.map(|Media { url, mime_type }| sdk::Media { url, mime_type }),
        campaign,
        properties: properties.into_iter().map(named).collect(),
    }
}

fn campaign(Campaign { name, properties }: Campaign) -> sdk::Campaign {
    sdk::Campaign { name, properties: properties.into_iter().map(named).collect() }
}

fn attribute_change(change: AttributeChange) -> sdk::AttributeChange {
    match change {
        AttributeChange::Set(of) => sdk::AttributeChange::Set(named(of)),
        AttributeChange::Unset(name) => sdk::AttributeChange::Unset(name),
        AttributeChange::Increment(name, by) => sdk::AttributeChange::Increment((name, by)),
        AttributeChange::Add(name, text) => sdk::AttributeChange::Add((name, text)),
        AttributeChange::Remove(name, text) => sdk::AttributeChange::Remove((name, text)),
    }
}

fn timer(timer: Timer) -> sdk::Timer {
    let Timer { name, delay_seconds, payload, cancel_on_message } = timer;
    sdk::Timer { name, delay: delay_seconds, payload, cancel_on_message }
}

fn request(request: Request) -> sdk::Request {
    let Request { id, connection, method, path, headers, body, timeout_seconds, while_waiting } = request;
    sdk::Request {
        id,
        connection,
        method,
        path,
        headers,
        body,
        timeout: timeout_seconds,
        while_waiting: match while_waiting {
            WhileWaiting::Deliver => sdk::WhileWaiting::Deliver,
            WhileWaiting::Hold => sdk::WhileWaiting::Hold,
            WhileWaiting::Cancel => sdk::WhileWaiting::Cancel,
        },
    }
}

fn handoff(handoff: Handoff) -> sdk::Handoff {
    let Handoff { reason, summary, team, priority, notice } = handoff;
    sdk::Handoff {
        reason,
        summary,
        team,
        priority: match priority {
            Priority::Low => sdk::Priority::Low,
            Priority::Normal => sdk::Priority::Normal,
            Priority::High => sdk::Priority::High,
            Priority::Urgent => sdk::Priority::Urgent,
        },
        notice,
    }
}
