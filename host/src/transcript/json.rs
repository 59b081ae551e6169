//! The contract as JSON, spelled as the JavaScript bindings spell it.
//!
//! | In `wit/bot.wit` | As JSON |
//! |---|---|
//! | record | object; the fields' names in camelCase: `external-id` is `externalId` |
//! | option | the value, or `null`; in an answer it may be left out too |
//! | list | array; in an answer an empty one may be `null` |
//! | tuple | array: `["visits", 1]` |
//! | variant | `{"tag":"send-campaign","val":…}`; no `val` where the case has none: `{"tag":"keep"}` |
//! | enum | its name as text: `while-waiting` is `"deliver"`, `"hold"` or `"cancel"` |
//! | result | `{"tag":"ok","val":…}` or `{"tag":"err","val":…}` |
//! | `json` | text that holds JSON: `{"name":"plan","value":"\"gold\""}` |
//! | numbers, `timestamp` too | number |
//!
//! Turns of the journal are spelled the same way: [`line`].

mod answer;
mod decision;
mod entry;
mod given;
mod question;

pub use answer::{NotAnAnswer, answer};
pub use decision::decision;
pub use entry::{Unreadable, entry, line, read_line};
pub use question::{context, event, question};

#[cfg(test)]
mod tests;
