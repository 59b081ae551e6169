//! One turn: what a handler may know, and the decision it builds.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::turnwise::bot::types::{
    Context, Decision, DeskStatus, Effect, NamedJson, NextState, Timestamp, User,
};
use crate::{Error, Result};

#[cfg(test)]
mod tests;

/// One event being handled. Its getters say what there is to know; its other methods ask for something to be done,
/// which happens after the turn is committed, in the order it was asked for.
pub struct Turn<S> {
    /// The conversation's state. What it is when the handler returns is what the next turn sees.
    pub state: S,
    context: Context,
    random: u64,
    step: Option<String>,
    pub(crate) effects: Vec<Effect>,
    /// The first thing that could not be written as JSON. Kept until the end, so that effects need no `?`.
    failure: Option<Error>,
}

impl<S> Turn<S> {
    /// Everything about this turn but its event.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Who is talking.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.context.user
    }

    /// When the turn runs, in milliseconds since 1970. It stands still during the turn.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Whether a human could take over now.
    #[must_use]
    pub fn desk(&self) -> DeskStatus {
        self.context.desk
    }

    /// One of the settings in `[plugins.NAME.settings]`, if it is there.
    ///
    /// # Errors
    /// It is there, but of another type.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        find(&self.context.settings, name).map_err(|error| error.context("setting"))
    }

    /// All settings as one struct; give it `#[serde(default)]` for those that may be missing.
    ///
    /// # Errors
    /// One is missing or of another type.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T> {
        collect(&self.context.settings).map_err(|error| error.context("settings"))
    }

    /// A value the inbound carried beside the message, if it is there.
    ///
    /// # Errors
    /// It is there, but of another type.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        find(&self.context.fields, name).map_err(|error| error.context("field"))
    }

    /// All values the inbound carried beside the message, as one struct.
    ///
    /// # Errors
    /// One is missing or of another type.
    pub fn fields<T: DeserializeOwned>(&self) -> Result<T> {
        collect(&self.context.fields).map_err(|error| error.context("fields"))
    }

    /// A random number below `end`, zero where `end` is zero. It comes from the turn's seed, so a replay draws the same
    /// numbers. Not for secrets.
    pub fn random_below(&mut self, end: u32) -> u32 {
        // The high half of a 32-by-32 bit product maps the number into the range without a division.
        let wide = u64::from(split_mix(&mut self.random)) * u64::from(end);
        (wide >> 32) as u32
    }

    /// One of these at random, so that a bot need not always say the same.
    ///
    /// # Panics
    /// There is none to pick from.
    pub fn pick<'a, T: ?Sized>(&mut self, options: &[&'a T]) -> &'a T {
        options[self.random_below(options.len() as u32) as usize]
    }

    /// Names the state-machine state this turn ends in; shown in the console and counted.
    pub fn step(&mut self, name: impl Into<String>) {
        self.step = Some(name.into());
    }

    /// JSON text of a value. What cannot be written fails the turn at its end.
    pub(crate) fn json(&mut self, value: impl Serialize) -> String {
        write(&mut self.failure, value)
    }

    pub(crate) fn effect(&mut self, effect: Effect) -> (&mut Effect, &mut Option<Error>) {
        self.effects.push(effect);
        (self.effects.last_mut().expect("one was pushed above"), &mut self.failure)
    }
}

impl<S: Serialize + DeserializeOwned + Default> Turn<S> {
    pub(crate) fn begin(context: Context, state: Option<&str>) -> Result<Self> {
        let state = state.map(serde_json::from_str).transpose()?.unwrap_or_default();
        let random = u64::from(context.seed);
        Ok(Self { state, context, random, step: None, effects: Vec::new(), failure: None })
    }

    /// The decision. A state that is the default is not stored at all, and one that did not change is kept, so that a
    /// plugin without state never writes any. After a session has expired "keep" means that the source's carry-over is all
    /// that is left, which is what a default state stands for there.
    pub(crate) fn finish(self, before: Option<&str>, expired: bool) -> Result<Decision> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let after =
            serde_json::to_string(&self.state).map_err(|error| Error::from(error).context("writing the state"))?;
        let state = match before {
            None if is_default::<S>(&after) => NextState::Keep,
            Some(_) if expired && is_default::<S>(&after) => NextState::Keep,
            Some(_) if is_default::<S>(&after) => NextState::Clear,
            Some(before) if before == after && !expired => NextState::Keep,
            _ => NextState::Replace(after),
        };
        Ok(Decision { state, effects: self.effects, step: self.step })
    }
}

fn is_default<S: Serialize + Default>(state: &str) -> bool {
    serde_json::to_string(&S::default()).is_ok_and(|default| default == state)
}

pub(crate) fn write(failure: &mut Option<Error>, value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_else(|error| {
        failure.get_or_insert(Error::from(error).context("writing a value as JSON"));
        "null".to_owned()
    })
}

fn find<T: DeserializeOwned>(values: &[NamedJson], name: &str) -> Result<Option<T>> {
    values.iter().find(|value| value.name == name).map(NamedJson::read).transpose()
}

fn collect<T: DeserializeOwned>(values: &[NamedJson]) -> Result<T> {
    let mut object = serde_json::Map::new();
    for value in values {
        object.insert(value.name.clone(), value.read()?);
    }
    Ok(serde_json::from_value(object.into())?)
}

/// SplitMix64: small, and good from any seed, zero included.
fn split_mix(state: &mut u64) -> u32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed >> 32) as u32
}
