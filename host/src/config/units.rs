//! Durations and sizes as people write them: `"10s"`, `"64KiB"`.

use std::time::Duration;

/// Hours come before days, so that a day is written as `24h`, which is what it means.
const DURATIONS: [(&str, u64); 5] = [("h", 3_600_000), ("d", 86_400_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// `250ms`, `10s`, `5m`, `24h`, `30d`; whole numbers only.
pub(super) fn duration(text: &str) -> Option<Duration> {
    scaled(text, &DURATIONS).map(Duration::from_millis)
}

/// `512B`, `64KiB`, `128MiB`, `1GiB`; whole numbers only.
pub(super) fn bytes(text: &str) -> Option<usize> {
    scaled(text, &SIZES).and_then(|bytes| usize::try_from(bytes).ok())
}

/// As it would be written in the configuration.
pub(super) fn duration_text(duration: Duration) -> String {
    written(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATIONS)
}

/// As it would be written in the configuration.
pub(super) fn bytes_text(bytes: usize) -> String {
    written(bytes as u64, &SIZES)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn written(value: u64, units: &[(&str, u64)]) -> String {
    let fits = units.iter().find(|(_, factor)| value >= *factor && value.is_multiple_of(*factor));
    let (name, factor) = fits.or(units.last()).copied().unwrap_or(("", 1));
    format!("{}{name}", value / factor)
}
