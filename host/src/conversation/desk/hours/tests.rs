//! Weekdays from nine to five in Berlin, and what a holiday does to them.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;

fn office() -> OpeningHours {
    let days = [true, true, true, true, true, false, false];
    let time_zone = TimeZone::get("Europe/Berlin").unwrap();
    OpeningHours {
        rows: vec![Hours { days, minutes: (9 * 60, 17 * 60), time_zone }],
        holidays: vec![date(2026, 12, 25)],
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond().try_into().unwrap())
}

#[test]
fn a_desk_without_hours_is_always_open() {
    assert_eq!(OpeningHours::default().status(at("2026-12-25T03:00:00Z")), DeskStatus::Open);
}

#[test]
fn within_its_hours_it_is_open() {
    assert_eq!(office().status(at("2026-11-25T08:00:00Z")), DeskStatus::Open);
}

#[test]
fn outside_of_them_it_says_when_it_opens() {
    let opens = |now| office().status(at(now));
    assert_eq!(opens("2026-11-25T07:59:00Z"), DeskStatus::Closed(Some(at("2026-11-25T08:00:00Z"))));
    assert_eq!(opens("2026-11-27T16:00:00Z"), DeskStatus::Closed(Some(at("2026-11-30T08:00:00Z"))));
}

#[test]
fn a_holiday_is_passed_over() {
    // Christmas is a Friday: the Monday behind it is next.
    let opens = DeskStatus::Closed(Some(at("2026-12-28T08:00:00Z")));
    assert_eq!(office().status(at("2026-12-24T16:30:00Z")), opens);
    assert_eq!(office().status(at("2026-12-25T10:00:00Z")), opens);
}

#[test]
fn the_clock_is_the_places_also_across_summer_time() {
    assert_eq!(office().status(at("2026-03-30T07:00:00Z")), DeskStatus::Open);
    assert_eq!(office().status(at("2026-03-27T07:00:00Z")), DeskStatus::Closed(Some(at("2026-03-27T08:00:00Z"))));
}

#[test]
fn hours_over_midnight_belong_to_the_day_they_began_on() {
    let night = Hours { days: [true; 7], minutes: (22 * 60, 6 * 60), time_zone: TimeZone::UTC };
    let desk = OpeningHours { rows: vec![night], holidays: vec![date(2026, 12, 25)] };
    assert_eq!(desk.status(at("2026-12-25T05:00:00Z")), DeskStatus::Open);
    assert_eq!(desk.status(at("2026-12-26T05:00:00Z")), DeskStatus::Closed(Some(at("2026-12-26T22:00:00Z"))));
}

#[test]
fn with_holidays_alone_it_is_closed_on_those() {
    let desk = OpeningHours { rows: Vec::new(), holidays: vec![date(2026, 12, 25)] };
    assert_eq!(desk.status(at("2026-12-24T12:00:00Z")), DeskStatus::Open);
    assert_eq!(desk.status(at("2026-12-25T12:00:00Z")), DeskStatus::Closed(Some(at("2026-12-26T00:00:00Z"))));
}
