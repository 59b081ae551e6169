//! Figures as people read them; templates use them as `{{ words::span(…) }}`, which hands over references.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::clock::text::rfc3339;

/// One unit only: `12 s`, `5 min`, `3 h`, `4 d`. The script says the same of what goes on.
#[must_use]
pub fn span(span: &Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// From then until now.
#[must_use]
pub fn ago(now: &Timestamp, at: &Timestamp) -> String {
    span(&now.since(*at))
}

/// `2026-11-25 09:30:00`, in UTC.
#[must_use]
pub fn utc(at: &Timestamp) -> String {
    let text = rfc3339(Timestamp(at.0 / 1000 * 1000));
    text.trim_end_matches('Z').replace('T', " ")
}

/// `09:30`, in UTC.
#[must_use]
pub fn clock(at: &Timestamp) -> String {
    utc(at).get(11..16).unwrap_or_default().to_owned()
}

/// `950 B`, `12 KiB`, `3.4 MiB`
#[must_use]
pub fn bytes(bytes: &usize) -> String {
    let bytes = *bytes;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// `1 row`, `2 rows`
#[must_use]
pub fn count(count: &usize, what: &str) -> String {
    if *count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_at_a_glance() {
        let spans = [(59, "59 s"), (60, "1 min"), (3_599, "59 min"), (90_000, "25 h"), (172_800, "2 d")];
        for (seconds, text) in spans {
            assert_eq!(span(&Duration::from_secs(seconds)), text);
        }
        for (size, text) in [(0, "0 B"), (1_023, "1023 B"), (2_048, "2 KiB"), (3_565_158, "3.3 MiB")] {
            assert_eq!(bytes(&size), text);
        }
        assert_eq!((count(&1, "row"), count(&0, "row")), ("1 row".to_owned(), "0 rows".to_owned()));
        assert_eq!(utc(&Timestamp(1_764_063_000_123)), "2025-11-25 09:30:00");
    }
}
