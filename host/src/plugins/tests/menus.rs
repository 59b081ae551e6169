//! The menu bot is written in several languages: whatever is said to it, each of them answers as the Rust one does.

use super::{context, host};
use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{
    Choice, Context, Decision, DeskStatus, Effect, Event, HandoffReturn, HandoffUpdate, Media, Message, NamedJson,
    NextState,
};
use crate::plugins::{Plugins, Wanted};

const MODEL: &str = "menu";
/// Built into `plugins/`.
const OTHERS: [&str; 4] = ["menu-c", "menu-go", "menu-python", "menu-ts"];

const CONVERSATIONS: u32 = 150;
const TURNS: u32 = 12;

/// What people write, and what nobody expects: words of every topic, numbers and proofs right and nearly right, other scripts and
/// cases, odd spaces, characters that lower to others.
const TEXTS: [&str; 64] = [
    "hi",
    "order",
    "Order status",
    "HOURS",
    "agent",
    "human?",
    "menu",
    "back!",
    "help",
    "restart",
    "stop",
    "stop it",
    "done",
    "where is my parcel?",
    "when are you open?",
    "delivery, please",
    "«order»",
    "…agent…",
    "(menu)",
    "menu menu",
    "agent@example.com",
    "A-12345",
    "a12345",
    "#b-54321!",
    "12345",
    "12345678",
    "123456789",
    "1234",
    "A--12345",
    "AB-12345",
    "A-123456",
    "x-1234",
    "١٢٣٤٥",
    "order 20000",
    "Where is order A-10000?",
    "A-12345\u{a0}",
    "\u{2003}a-54321\n",
    "é12345",
    "12345é",
    "²12345",
    "10115",
    "SW1A 1AA",
    " sam@example.com ",
    "sam@example",
    "sam@.com",
    "sam@a..b",
    "@example.com",
    "a b@c.de",
    "sam@ex\u{3000}ample.com",
    "sam@b@c.de",
    "12",
    "1010-234",
    "12345678901",
    "\u{212a}ey",
    "BAC\u{212a}",
    "ΣΤΟΣ",
    "\u{130}",
    "🤷",
    "",
    " \t",
    "\u{0}",
    "agent\u{0}",
    "order\u{200b}",
    "menu²",
];

const NAMES: [&str; 8] = ["\"Zoë\"", "\"प्रिया\"", "\" Ana \"", "\"Mary Jane\"", "7", "\"\"", "\"O'Neil\"", "\"١٢\""];

/// Chance that repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn event(&mut self, turn: u32, offered: &[Choice]) -> Event {
        match self.below(20) {
            0 => Event::Handoff(HandoffUpdate::Failed("closed".into())),
            1 => Event::Handoff(HandoffUpdate::Accepted(None)),
            2 => {
                let returned = HandoffReturn { agent: Some("Ana".into()), note: None, transcript: vec![] };
                Event::Handoff(HandoffUpdate::Returned(returned))
            }
            3 => Event::SessionExpired { idle_seconds: 86_400 },
            4 => Event::Burst(vec![self.message(turn, offered), self.message(turn, offered)]),
            _ => Event::Message(self.message(turn, offered)),
        }
    }

    fn message(&mut self, turn: u32, offered: &[Choice]) -> Message {
        let tapped = (!offered.is_empty() && self.below(3) == 0).then(|| offered[self.below(offered.len())].clone());
        let (text, choice) = match tapped {
            Some(choice) => (choice.title, Some(choice.id)),
            None => (TEXTS[self.below(TEXTS.len())].to_owned(), None),
        };
        let photo = Media { url: "https://media.example/1".into(), mime_type: Some("image/jpeg".into()) };
        let media = if self.below(8) == 0 { vec![photo] } else { vec![] };
        Message { id: format!("m{turn}"), text, media, choice, flow_response: None, received: Timestamp(1) }
    }

    fn context(&mut self, turn: u32) -> Context {
        let desk = [DeskStatus::Open, DeskStatus::None, DeskStatus::Closed(None)][self.below(3)];
        let named = |name: &str, value: &str| NamedJson { name: name.into(), value: value.into() };
        let hours = ["\"every day\"", "\"\"", "9", "null"][self.below(4)];
        let settings = if self.below(2) == 0 { vec![named("opening_hours", hours)] } else { vec![] };
        let fields = vec![named("first_name", NAMES[self.below(NAMES.len())])];
        Context { turn, desk, settings, fields, ..context() }
    }
}

/// One of the bots in one conversation.
struct Bot {
    name: &'static str,
    state: Option<String>,
}

impl Bot {
    /// Effects and step, or what went wrong; the state is spelled as is natural in each language.
    async fn hears(&mut self, plugins: &Plugins, context: &Context, event: &Event) -> Result<Decision, String> {
        let decided = plugins.decide(self.name, context, self.state.as_deref(), event).await.outcome;
        let mut decision = decided.map_err(|failure| what_failed(&failure.to_string()))?;
        match std::mem::replace(&mut decision.state, NextState::Keep) {
            NextState::Keep if matches!(event, Event::SessionExpired { .. }) => self.state = None,
            NextState::Keep => {}
            NextState::Replace(state) => self.state = Some(state),
            NextState::Clear => self.state = None,
        }
        Ok(decision)
    }
}

/// What went wrong, without where: each language tells that in its own way.
fn what_failed(failure: &str) -> String {
    let line = failure.lines().next().unwrap_or_default();
    line.split(" at line").next().unwrap_or(line).to_owned()
}

#[tokio::test]
async fn the_menu_answers_the_same_in_every_language() {
    let plugins = host();
    for name in std::iter::once(MODEL).chain(OTHERS) {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/").to_owned() + name + ".wasm";
        let limits = PluginLimits::default();
        let wanted = Wanted { name: name.into(), file: file.into(), settings: vec![], limits };
        plugins
            .insert(plugins.compile(wanted).await.unwrap_or_else(|error| panic!("{error}; `make plugins` builds it")));
    }
    for seed in 0..CONVERSATIONS {
        let mut dice = Dice(seed.into());
        let mut bots: Vec<Bot> = std::iter::once(MODEL).chain(OTHERS).map(|name| Bot { name, state: None }).collect();
        let (mut offered, mut said) = (vec![], vec![]);
        for turn in 1..=TURNS {
            let (context, event) = (dice.context(turn), dice.event(turn, &offered));
            said.push(format!("{event:?}"));
            let [model, others @ ..] = &mut bots[..] else { panic!("there is a model") };
            let expected = model.hears(&plugins, &context, &event).await;
            for bot in others {
                let answered = bot.hears(&plugins, &context, &event).await;
                assert_eq!(answered, expected, "{} (left) after seed {seed}:\n{}", bot.name, said.join("\n"));
            }
            let replies = expected.iter().flat_map(|decision| &decision.effects);
            let mut choices = replies.filter_map(|effect| match effect {
                Effect::Reply(reply) if !reply.choices.is_empty() => Some(reply.choices.clone()),
                _ => None,
            });
            offered = choices.next_back().unwrap_or(offered);
        }
    }
}
