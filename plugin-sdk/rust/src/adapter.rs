//! Between the trait and the component's exports. Plugins see only [`export!`](crate::export).

use std::marker::PhantomData;

use crate::bindings::exports::turnwise::bot::manifest::Description;
use crate::bindings::turnwise::bot::types::{Context, Decision, Error as WireError, Event};
use crate::{Plugin, Turn};

/// Makes a component of a [`Plugin`]: `turnwise_plugin::export!(Menu);`, once, at the end of `lib.rs`.
///
/// The manifest's name and version are those of the plugin's Cargo.toml.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::bindings::exports::turnwise::bot::bot::Guest for Component {
                fn handle(
                    context: $crate::bindings::turnwise::bot::types::Context,
                    state: ::std::option::Option<::std::string::String>,
                    event: $crate::bindings::turnwise::bot::types::Event,
                ) -> ::std::result::Result<
                    $crate::bindings::turnwise::bot::types::Decision,
                    $crate::bindings::turnwise::bot::types::Error,
                > {
                    $crate::adapter::report_panics();
                    $crate::adapter::handle::<$plugin>(context, state.as_deref(), &event)
                }
            }

            impl $crate::bindings::exports::turnwise::bot::manifest::Guest for Component {
                fn describe() -> $crate::bindings::exports::turnwise::bot::manifest::Description {
                    $crate::adapter::describe::<$plugin>(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
                }
            }

            impl $crate::bindings::exports::turnwise::bot::migration::Guest for Component {
                fn migrate(
                    state: ::std::string::String,
                    from: u32,
                ) -> ::std::result::Result<::std::string::String, $crate::bindings::turnwise::bot::types::Error>
                {
                    $crate::adapter::report_panics();
                    $crate::adapter::migrate::<$plugin>(state, from)
                }
            }

    $crate::bindings::export!(Component with_types_in $crate::bindings);
        };
        // Natively there is no component, only the plugin that tests run.
        #[cfg(not(target_arch = "wasm32"))]
        const _: ::std::marker::PhantomData<$plugin> = $crate::adapter::assert_plugin::<$plugin>();
    };
}

pub fn handle<P: Plugin>(context: Context, state: Option<&str>, event: &Event) -> Result<Decision, WireError> {
    let mut turn = Turn::<P::State>::begin(context, state).map_err(|error| WireError::BadState(error.to_string()))?;
    let handled = P::on_event(&mut turn, event);
    let expired = matches!(event, Event::SessionExpired(_));
    handled.and_then(|()| turn.finish(state, expired)).map_err(|error| WireError::Other(error.to_string()))
}

pub fn migrate<P: Plugin>(state: String, from: u32) -> Result<String, WireError> {
    P::migrate(state, from).map_err(|error| WireError::BadState(error.to_string()))
}

#[must_use]
pub fn describe<P: Plugin>(name: &str, version: &str) -> Description {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Description {
        name: name.to_owned(),
        version: version.to_owned(),
        state_version: P::STATE_VERSION,
        steps: owned(P::STEPS),
        connections: owned(P::CONNECTIONS),
        campaigns: owned(P::CAMPAIGNS),
        handles: owned(P::HANDLES),
    }
}

#[must_use]
pub const fn assert_plugin<P: Plugin>() -> PhantomData<P> {
    PhantomData
}

/// A panic traps, and a trap says nothing: this puts where and why into the turn's log first.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| crate::error!("{panic}")));
}
