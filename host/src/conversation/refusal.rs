//! What of a decision can only be refused by who knows the conversation: all that is wrong with it by itself, `check` has said.

use super::effects::Catalog;
use super::kept::Conversation;
use super::{Decision, Effect};
use crate::limits::{CHAIN_TURNS_MAX, TIMERS_PER_CONVERSATION_MAX};

/// Why the decision cannot be carried out in this conversation, for the plugin's author.
pub(super) fn refusal(decision: &Decision, conversation: &Conversation, catalog: &dyn Catalog) -> Option<String> {
    let effects = decision.effects.iter().enumerate();
    let mut timers: Vec<&str> = conversation.timers.iter().map(|timer| timer.name.as_str()).collect();
    let mut switches = 0;
    for (index, effect) in effects {
        let problem = match effect {
            Effect::StartTimer(timer) => {
                timers.retain(|name| *name != timer.name);
                timers.push(&timer.name);
                (timers.len() > TIMERS_PER_CONVERSATION_MAX).then(|| {
                    format!("{} timers would be pending; {TIMERS_PER_CONVERSATION_MAX} are allowed a conversation: use a name again, or cancel some", timers.len())
                })
            }
            Effect::CancelTimer(cancelled) => {
                timers.retain(|name| name != cancelled);
                None
            }
            Effect::SwitchBot(to) => {
                switches += 1;
                if !catalog.has_bot(&to.name) {
                    Some(format!("there is no bot named {:?}: its plugin has to be in the plugins folder", to.name))
                } else if to.name == conversation.bot {
                    Some(format!("the conversation is {:?}'s already", to.name))
                } else {
                    (switches > 1).then(|| "a turn can switch once".to_owned())
                }
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Some(format!("effects[{index}] ({}): {problem}", effect.kind()));
        }
    }
    let goes_on = |effect: &Effect| matches!(effect, Effect::Request(_) | Effect::SwitchBot(_) | Effect::Handoff(_));
    let endless = conversation.chain >= CHAIN_TURNS_MAX && decision.effects.iter().any(goes_on);
    endless.then(|| {
        format!(
            "{CHAIN_TURNS_MAX} turns in a row led to one another without the user, a timer or another system: this looks like a loop"
        )
    })
}
