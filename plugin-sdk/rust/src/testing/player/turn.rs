//! One turn: the plugin is asked, and what it decides is taken.

use super::*;

/// The host's limits, as `host/src/limits.rs` explains them.
const TIMERS_MAX: usize = 32;
const CHAIN_TURNS_MAX: u32 = 24;

impl Player {
    pub(super) fn turn(&mut self, plugin: &mut dyn Decide, event: &Event) -> Vec<Done> {
        if self.with_other_bot {
            return vec![];
        }
        self.context.turn += 1;
        let is_consequence =
            matches!(event, Event::DeliveryFailed(_) | Event::Handoff(_) | Event::Response(_) | Event::Switched(_));
        self.chain = if is_consequence { self.chain + 1 } else { 0 };
        // What is left of an ended session begins no other.
        if self.session_ended && !matches!(event, Event::DeliveryFailed(_) | Event::Response(_)) {
            self.session_ended = false;
            self.context.session += 1;
        }
        self.last_turn = self.context.now;
        // Any number would do; that it differs from turn to turn is what matters.
        self.context.seed = self.context.turn.wrapping_mul(2_654_435_761);
        let decided = plugin
            .decide(&self.context, self.state.as_deref(), event)
            .and_then(|decision| self.refusal(&decision).map_or(Ok(decision), |reason| Err(Failure::Refused(reason))));
        if matches!(event, Event::SessionExpired(_)) {
            self.expire(decided.as_ref().ok());
        }
        let decision = match decided {
            Ok(decision) => decision,
            Err(failure) => return vec![render::failure(&failure)],
        };
        match &decision.state {
            NextState::Keep => {}
            NextState::Replace(state) => self.state = Some(state.clone()),
            NextState::Clear => self.state = None,
        }
        let offered = decision.effects.iter().filter_map(|effect| match effect {
            Effect::Reply(reply) => Some(reply.choices.clone()),
            _ => None,
        });
        let offered: Vec<Choice> = offered.flatten().collect();
        if !offered.is_empty() {
            self.choices = offered;
        }
        for effect in &decision.effects {
            self.take(effect, event);
        }
        render::lines(&decision)
    }

    /// What only the host refuses that knows the conversation, in its words.
    fn refusal(&self, decision: &Decision) -> Option<String> {
        let mut timers: Vec<&str> = self.timers.iter().map(|(_, timer)| timer.name.as_str()).collect();
        let mut switches = 0;
        for (index, effect) in decision.effects.iter().enumerate() {
            match effect {
                Effect::StartTimer(timer) => {
                    timers.retain(|name| *name != timer.name);
                    timers.push(&timer.name);
                    if timers.len() > TIMERS_MAX {
                        let count = timers.len();
                        return Some(format!(
                            "effects[{index}] (start-timer): {count} timers would be pending; {TIMERS_MAX} are allowed \
                             a conversation: use a name again, or cancel some"
                        ));
                    }
                }
                Effect::CancelTimer(cancelled) => timers.retain(|name| name != cancelled),
                Effect::SwitchBot(_) if switches > 0 => {
                    return Some(format!("effects[{index}] (switch-bot): a turn can switch once"));
                }
                Effect::SwitchBot(_) => switches += 1,
                _ => {}
            }
        }
        let goes_on =
            |effect: &Effect| matches!(effect, Effect::Request(_) | Effect::SwitchBot(_) | Effect::Handoff(_));
        let endless = self.chain >= CHAIN_TURNS_MAX && decision.effects.iter().any(goes_on);
        endless.then(|| {
            format!(
                "{CHAIN_TURNS_MAX} turns in a row led to one another without the user, a timer or another system: this \
                 looks like a loop"
            )
        })
    }

    /// What an effect changes for later turns.
    fn take(&mut self, effect: &Effect, event: &Event) {
        match effect {
            Effect::Reply(reply) => self.send(reply.campaign.as_deref().unwrap_or("reply"), event),
            Effect::SendCampaign(campaign) | Effect::SendCanvas(campaign) => self.send(&campaign.name, event),
            Effect::StartTimer(timer) => {
                self.timers.retain(|(_, other)| other.name != timer.name);
                let delay_seconds = Timestamp::from(timer.delay.max(1));
                self.timers.push((self.context.now + delay_seconds * 1_000, timer.clone()));
            }
            Effect::CancelTimer(name) => self.timers.retain(|(_, timer)| timer.name != *name),
            Effect::Request(request) => {
                let answer = self.answers.iter_mut().find(|answer| answer.answers(request));
                if answer.is_none() && self.by_hand.as_ref().is_some_and(|ids| !ids.contains(&request.id)) {
                    self.unanswered.push(render::request_words(request));
                }
                self.under.request(request, self.context.now, answer);
            }
            Effect::SwitchBot(_) => {
                self.with_other_bot = true;
                self.timers.clear();
                self.choices.clear();
                self.under = Under::default();
                self.next.clear();
            }
            Effect::EndSession(_) => self.session_ended = true,
            _ => {}
        }
    }

    /// What Braze makes of a send: the host tries again until it succeeds or is refused.
    fn send(&mut self, campaign: &str, event: &Event) {
        while let Some(fault) = self.faults.front_mut() {
            let refusal = fault.refusal();
            fault.times -= 1;
            if fault.times == 0 {
                self.faults.pop_front();
            }
            if let Some(reason) = refusal {
                // Two failures must not feed each other.
                if !matches!(event, Event::DeliveryFailed(_)) {
                    let (turn, campaign) = (self.context.turn, campaign.to_owned());
                    self.next.push_back(Event::DeliveryFailed(DeliveryFailure {
                        turn,
                        campaign,
                        reason,
                        ambiguous: false,
                    }));
                }
                return;
            }
        }
    }

    /// The state that the next session starts with is the one decided now; where none is, what is carried over.
    fn expire(&mut self, decision: Option<&Decision>) {
        self.session_ended = true;
        self.choices.clear();
        if decision.is_none_or(|decision| matches!(decision.state, NextState::Keep)) {
            self.state = self.state.take().and_then(|state| carried_over(&state, &self.carry_over));
        }
    }
}

/// Of a JSON object the keys that outlive a session; none where none of them is there.
fn carried_over(state: &str, keys: &[String]) -> Option<String> {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(state).ok()?;
    fields.retain(|key, _| keys.contains(key));
    (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
}
