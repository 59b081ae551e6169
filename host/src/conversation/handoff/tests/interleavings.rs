//! Everything that can happen to a conversation, in any order: whatever it is, one owner, no bot that talks over people, and no word of
//! the user that nobody hears.

use super::super::super::effects::tests::{asking, timer};
use super::super::super::{RequestError, WhileWaiting};
use super::*;

/// SplitMix64, so that a failure can be run again from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("small")
    }

    fn flips(&mut self) -> bool {
        self.below(2) == 0
    }
}

const RUNS: u64 = 400;
const STEPS: usize = 40;

#[test]
fn in_any_order_there_is_one_owner_and_nothing_is_lost() {
    for seed in 0..RUNS {
        let mut dice = Dice(seed);
        let (is_remote, closes_on_resolve) = (dice.flips(), dice.flips());
        let world = with(DeskRules { is_remote, closes_on_resolve, ..DeskRules::default() });
        Run { world, dice, written: Vec::new(), heard: Vec::new() }.play(seed);
    }
}

struct Run {
    world: World,
    dice: Dice,
    written: Vec<String>,
    heard: Vec<String>,
}

impl Run {
    fn play(&mut self, seed: u64) {
        for step in 0..STEPS {
            let before = self.world.stored.clone();
            let (sent, asked) = (self.world.sent.len(), self.world.asked.len());
            let did = self.step(step);
            self.collect();
            let after = &self.world.stored;
            let place =
                format!("seed {seed}, step {step}: {did}\nbefore {:?}\nafter {:?}", before.control, after.control);
            self.check(&before, sent, asked, &place);
        }
        // At the end the bot has it again, and with it whatever waited.
        self.world.bot.clear();
        if self.world.stored.control.owner.is_at_desk() {
            self.world.does("op", Act::TakeOver);
            self.world.does("op", Act::Return { note: None });
        }
        self.answer_requests();
        self.world.passes(MINUTE * 30);
        self.collect();
        assert!(self.world.stored.control.held.is_empty(), "seed {seed}");
        assert_eq!(self.heard, self.written, "seed {seed}: every word is heard, once and in order");
    }

    fn step(&mut self, step: usize) -> String {
        let who = ["bia", "carl"][self.dice.below(2)];
        self.world.bot = match self.dice.below(6) {
            0 | 1 => vec![reply("bot"), asks()],
            2 => vec![asking("r", "llm", WhileWaiting::Hold), timer("t")],
            3 => vec![reply("bot"), Effect::EndSession("solved".into())],
            4 => vec![Effect::SwitchBot(("orders", "1").into()), asks()],
            _ => vec![reply("bot")],
        };
        match self.dice.below(10) {
            0..3 => {
                let text = ["stop".into(), "restart".into(), format!("w{step}"), format!("v{step}")]
                    [self.dice.below(4)]
                .clone();
                self.written.push(text.clone());
                self.world.writes(&text);
                format!("writes {text}")
            }
            3..6 => self.does(who, None),
            6 => {
                let remote_id = ["41", "42"][self.dice.below(2)];
                self.does(who, Some(remote_id))
            }
            7 => {
                let span = [MINUTE, MINUTE * 11, Duration::from_hours(25)][self.dice.below(3)];
                self.world.passes(span);
                format!("passes {span:?}")
            }
            8 => {
                self.world.cause(Cause::Event(Event::External(("order", "1").into())));
                "is pushed an event".into()
            }
            _ => {
                self.answer_requests();
                "answers come".into()
            }
        }
    }

    fn does(&mut self, who: &str, remote_id: Option<&str>) -> String {
        let act = match self.dice.below(9) {
            0 => Act::Accept,
            1 => Act::TakeOver,
            2 => says("agent"),
            3 => writes_first("agent"),
            4 => Act::Park { until: self.dice.flips().then(|| self.world.now.after(MINUTE)) },
            5 => Act::Return { note: None },
            6 => Act::Resolve { note: None },
            7 => Act::Assign { agent: self.dice.flips().then(|| agent(who)), team: None },
            _ => Act::Decline { reason: "busy".into() },
        };
        let did = format!("{who} at {remote_id:?}: {act:?}");
        self.world.cause(Cause::Desk(DeskAct { by: agent(who), act, remote_id: remote_id.map(Into::into) }));
        did
    }

    fn answer_requests(&mut self) {
        while let Some(request) = self.world.stored.requests.first().cloned() {
            self.world.bot.clear();
            let response = Response { id: "r".into(), outcome: Err(RequestError::Timeout) };
            self.world.cause(Cause::Answer { turn: request.turn, index: request.index, response });
        }
    }

    /// Messages that had their turn, whoever heard them.
    fn collect(&mut self) {
        for event in std::mem::take(&mut self.world.events) {
            self.heard.extend(messages(&event).iter().map(|message| message.text.clone()));
        }
    }

    fn check(&self, before: &Conversation, sent: usize, asked: usize, place: &str) {
        let stored = &self.world.stored;
        let control = &stored.control;
        assert_eq!(control.handoff.is_some(), control.owner.is_at_desk(), "{place}");
        assert_eq!(control.due.is_some(), control.owner.is_at_desk(), "nobody has it for ever: {place}");
        assert!(control.owner == before.control.owner || stored.fence > before.fence, "the fence is raised: {place}");
        assert!(control.held.is_empty() || control.owner.is_at_desk(), "{place}");
        let is_peoples = |owner: &Owner| matches!(owner, Owner::Agent(_) | Owner::Parked { .. });
        if is_peoples(&before.control.owner) && is_peoples(&control.owner) && stored.fence == before.fence {
            let bots: Vec<_> = self.world.sent[sent..].iter().filter(|(author, ..)| *author == Author::Bot).collect();
            assert!(bots.is_empty(), "the bot is silent: {bots:?} {place}");
            assert_eq!(self.world.asked.len(), asked, "nor is it asked: {place}");
        }
    }
}
