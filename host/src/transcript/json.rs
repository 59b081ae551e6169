//! The contract as JSON, spelled as the JavaScript bindings spell it.
//!
//! | In `wit/bot.wit` | As JSON |
//! |---|---|
//! | record | object; the fields' names in camelCase: `external-id` is `externalId` |
//! | option | the value, or `null`; in an answer it may be left out too |
//! | list | array; in an answer an empty one may be `null` |
//! | tuple | array: `["visits", 1]` |
//! | variant | `{"tag":"send-campaign","val":…}`; no `val` where the case has none: `{"tag":"keep"}` |
//! | enum | string: `"while-waiting"` values are `"deliver"`, `"hold"`, `"cancel"` |
//! | result | `{"tag":"ok","val":…}` or `{"tag":"err","val":…}` |
//! | `json` | string that holds JSON text: `{"name":"plan","value":"\"gold\""}` |
//! | u64 and every other number | number |

mod answer;
mod question;

pub use answer::{NotAnAnswer, answer};
pub use question::{context, event, question};

#[cfg(test)]
mod tests;
