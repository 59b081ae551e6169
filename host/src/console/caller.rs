//! Who is asking: whom the admin listener's guard let through.

pub use crate::people::{Caller, Role};
