//! When somebody is there: hours of the week, but for holidays.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::context::DeskStatus;
use super::super::routing::Hours;
use crate::clock::Timestamp;

/// Opening hours are looked for so far ahead: beyond it they have been forgotten, not planned.
const DAYS_AHEAD_MAX: i64 = 370;

/// When somebody is there.
#[derive(Clone, Debug, Default)]
pub struct OpeningHours {
    /// Any of these; always where there are none.
    pub rows: Vec<Hours>,
    /// Days on which nobody is there, each by the clock of the row it would be in.
    pub holidays: Vec<Date>,
}

impl OpeningHours {
    /// Whether somebody is there, or when they are again.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> DeskStatus {
        let always = self.rows.is_empty() && self.holidays.is_empty();
        if always || self.rows.iter().any(|row| row.include(now) && !self.is_holiday(row, now)) {
            return DeskStatus::Open;
        }
        if self.rows.is_empty() {
            // Without hours no place is known by whose clock it is a holiday: UTC's.
            let everyday = Hours { days: [true; 7], minutes: (0, 0), time_zone: jiff::tz::TimeZone::UTC };
            if !self.is_holiday(&everyday, now) {
                return DeskStatus::Open;
            }
            return DeskStatus::Closed(self.next_opening(&everyday, now));
        }
        DeskStatus::Closed(self.rows.iter().filter_map(|row| self.next_opening(row, now)).min())
    }

    /// The day of hours that go over midnight is the one they began on.
    fn is_holiday(&self, row: &Hours, at: Timestamp) -> bool {
        row.began_on(at).is_some_and(|day| self.holidays.contains(&day))
    }

    fn next_opening(&self, row: &Hours, now: Timestamp) -> Option<Timestamp> {
        let today = row.local(now)?.date();
        let (hour, minute) = (i8::try_from(row.minutes.0 / 60).ok()?, i8::try_from(row.minutes.0 % 60).ok()?);
        (0..DAYS_AHEAD_MAX).find_map(|days| {
            let day = today.checked_add(days.days()).ok()?;
            let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).ok()?;
            if !row.days[weekday] || self.holidays.contains(&day) {
                return None;
            }
            let opens = row.time_zone.to_timestamp(day.at(hour, minute, 0, 0)).ok()?;
            let opens = Timestamp(u64::try_from(opens.as_millisecond()).ok()?);
            (opens > now).then_some(opens)
        })
    }
}

#[cfg(test)]
mod tests;
