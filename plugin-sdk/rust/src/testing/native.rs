//! A plugin in the same process, as tests of Rust plugins run it.

use std::marker::PhantomData;

use super::contract::{Context, Decision, Error, Event};
use super::{Decide, Failure, check};
use crate::{Plugin, adapter};

pub(super) struct Native<P>(PhantomData<P>);

impl<P> Default for Native<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Plugin> Decide for Native<P> {
    fn decide(&mut self, context: &Context, state: Option<&str>, event: &Event) -> Result<Decision, Failure> {
        let decision = adapter::handle::<P>(context.clone(), state, event).map_err(|error| match error {
            Error::BadState(why) => Failure::BadState(why),
            Error::Other(why) => Failure::Other(why),
        })?;
        check(&decision).map_err(Failure::Refused)?;
        Ok(decision)
    }
}
