//! Plays the host for one conversation, as far as a plugin can tell.

use std::time::Duration;

use super::mistake::Mistake;
use super::transcript::{Entry, Line, Said};
use super::world::{self, Happening};
use super::{Decide, render};
use crate::bindings::turnwise::bot::types::{
    Choice, Context, DeskStatus, Effect, Event, HandoffUpdate, Media, Message, NextState, Timer, TimerFired, Timestamp,
    User,
};

/// A Monday morning: 2026-01-05T09:00:00Z.
const START: Timestamp = 1_767_603_600_000;
/// Time between a line and the next, so that no two turns have the same.
const PACE: Timestamp = 1_000;

pub(super) struct Player<'a> {
    plugin: &'a mut dyn Decide,
    context: Context,
    state: Option<String>,
    /// Of the last reply that offered any.
    choices: Vec<Choice>,
    timers: Vec<(Timestamp, Timer)>,
    /// While an agent has the conversation, the bot hears nothing.
    with_agent: bool,
    session_ended: bool,
}

impl<'a> Player<'a> {
    pub(super) fn new(plugin: &'a mut dyn Decide) -> Self {
        let user = User {
            external_id: Some("user-1".to_owned()),
            alias: None,
            phone: Some("+4915550000001".to_owned()),
            language: Some("en".to_owned()),
            profile_name: Some("Sam".to_owned()),
        };
        let context = Context {
            conversation: "c_00000000000000000000000000000001".to_owned(),
            session: 1,
            turn: 0,
            user,
            source: "whatsapp".to_owned(),
            now: START,
            seed: 0,
            settings: vec![],
            fields: vec![],
            desk: DeskStatus::Open,
        };
        Self { plugin, context, state: None, choices: vec![], timers: vec![], with_agent: false, session_ended: false }
    }

    /// Plays one line that happens, and returns what the bot did about it.
    pub(super) fn play(&mut self, line: &Line) -> Result<Vec<String>, Mistake> {
        self.context.now += PACE;
        match &line.entry {
            Entry::User(said) => Ok(self.user_says(said)),
            Entry::Passes(span) => Ok(self.wait(*span)),
            Entry::World(words) => match world::read(words, self.context.turn) {
                Ok(happening) => Ok(self.happens(happening)),
                Err(wrong) => Err(wrong.on_line(line.number, &line.source, words)),
            },
            Entry::Bot(_) | Entry::Step(_) | Entry::Effect(_) => Ok(vec![]),
        }
    }

    fn happens(&mut self, happening: Happening) -> Vec<String> {
        match happening {
            Happening::Event(event) => return self.event(event),
            Happening::Setting(value) => {
                self.context.settings.retain(|setting| setting.name != value.name);
                self.context.settings.push(value);
            }
            Happening::Field(value) => {
                self.context.fields.retain(|field| field.name != value.name);
                self.context.fields.push(value);
            }
            Happening::Desk(status) => self.context.desk = status,
        }
        vec![]
    }

    fn user_says(&mut self, said: &Said) -> Vec<String> {
        self.timers.retain(|(_, timer)| !timer.cancel_on_message);
        if self.with_agent {
            return vec![];
        }
        let title = said.text.trim().to_lowercase();
        let chosen = self.choices.iter().find(|choice| choice.title.trim().to_lowercase() == title);
        let media = said.media.iter().map(|(kind, url)| Media {
            url: url.clone().unwrap_or_else(|| "https://media.example/1".to_owned()),
            mime_type: Some(kind.clone()),
        });
        let message = Message {
            id: format!("m_{}", self.context.turn + 1),
            text: said.text.clone(),
            media: media.collect(),
            choice: chosen.map(|choice| choice.id.clone()),
            flow_response: None,
            received: self.context.now,
        };
        self.turn(&Event::Message(message))
    }

    fn wait(&mut self, span: Duration) -> Vec<String> {
        let end = self.context.now + span.as_millis() as Timestamp;
        let mut done = Vec::new();
        while let Some(next) = (0..self.timers.len()).min_by_key(|&at| self.timers[at].0)
            && self.timers[next].0 <= end
        {
            let (due, timer) = self.timers.remove(next);
            self.context.now = due.max(self.context.now);
            let Timer { name, payload, .. } = timer;
            done.extend(self.turn(&Event::Timer(TimerFired { name, payload, due })));
        }
        self.context.now = end;
        done
    }

    fn event(&mut self, event: Event) -> Vec<String> {
        match &event {
            Event::Handoff(HandoffUpdate::Accepted(_)) => self.with_agent = true,
            Event::Handoff(_) => self.with_agent = false,
            _ => {}
        }
        let expired = matches!(event, Event::SessionExpired(_));
        let done = self.turn(&event);
        self.session_ended |= expired;
        done
    }

    fn turn(&mut self, event: &Event) -> Vec<String> {
        self.context.turn += 1;
        self.context.session += u32::from(std::mem::take(&mut self.session_ended));
        // Any number would do; that it differs from turn to turn is what matters.
        self.context.seed = self.context.turn.wrapping_mul(2_654_435_761);
        let decision = match self.plugin.decide(&self.context, self.state.as_deref(), event) {
            Ok(decision) => decision,
            Err(failure) => return vec![render::failure(&failure)],
        };
        match &decision.state {
            NextState::Keep if matches!(event, Event::SessionExpired(_)) => self.state = None,
            NextState::Keep => {}
            NextState::Replace(state) => self.state = Some(state.clone()),
            NextState::Clear => self.state = None,
        }
        for effect in &decision.effects {
            self.take(effect);
        }
        render::lines(&decision)
    }

    /// What an effect changes for later turns.
    fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Reply(reply) if !reply.choices.is_empty() => self.choices.clone_from(&reply.choices),
            Effect::StartTimer(timer) => {
                self.timers.retain(|(_, other)| other.name != timer.name);
                self.timers.push((self.context.now + Timestamp::from(timer.delay) * 1_000, timer.clone()));
            }
            Effect::CancelTimer(name) => self.timers.retain(|(_, timer)| timer.name != *name),
            Effect::EndSession(_) => self.session_ended = true,
            _ => {}
        }
    }
}
