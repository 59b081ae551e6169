//! Times as people and programs write them.

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, civil};

use super::Timestamp;

/// What [`timestamp`] reads, for messages.
pub const EXPECTED: &str = "a time is written 2026-11-25T09:30:00Z (or +01:00 for another zone), 2026-11-25 (its first moment in UTC), or in milliseconds since 1970";

/// A time: RFC 3339, a date (its first moment in UTC), or milliseconds since 1970. None where it is something else, or before 1970.
#[must_use]
pub fn timestamp(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp);
    }
    match text.parse::<Instant>() {
        Ok(instant) => u64::try_from(instant.as_millisecond()).ok().map(Timestamp),
        Err(_) => day(text).map(|(first, _)| first),
    }
}

/// The first moment of a date such as `2026-11-25` in UTC, and that of the date after it.
#[must_use]
pub fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    // A date with a time behind it is none.
    let date = text.parse::<civil::Date>().ok().filter(|_| text.len() == "2026-11-25".len())?;
    let first = |date: civil::Date| {
        let first = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_millisecond();
        u64::try_from(first).ok().map(Timestamp)
    };
    Some((first(date)?, first(date.tomorrow().ok()?)?))
}

/// As RFC 3339 in UTC, e.g. `2026-11-25T09:30:00Z`. A time the format has no year for is written in milliseconds.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let instant = i64::try_from(at.0).ok().and_then(|ms| Instant::from_millisecond(ms).ok());
    instant.map_or_else(|| at.to_string(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests;
