//! Which messages a rule is for.

use super::*;
use crate::conversation::NamedJson;

fn message(text: &str) -> Inbound {
    Inbound {
        source: "whatsapp".into(),
        user: User { language: Some("de".into()), ..User::default() },
        text: text.into(),
        media: Vec::new(),
        flow_response: None,
        braze_dispatch_id: None,
        fields: vec![NamedJson::from(("plan", "\"gold\"")), NamedJson::from(("visits", "3"))],
        mended: false,
    }
}

/// A UTC time of 2026.
fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = format!("2026-{text}Z").parse().expect("a time");
    Timestamp(u64::try_from(time.as_millisecond()).expect("after 1970"))
}

#[test]
fn words_are_the_whole_text_and_patterns_a_part_of_it() {
    let holds = |condition: &Condition, text: &str| condition.holds(&message(text), Timestamp(0));
    let keyword = Condition::Keyword(vec!["my order".into(), "bestellung".into()]);
    for (text, expected) in [(" My  ORDER! ", true), ("Bestellung", true), ("my order please", false), ("", false)] {
        assert_eq!(holds(&keyword, text), expected, "{text:?}");
    }
    let pattern = Condition::Pattern(Regex::new("(?i)a-[0-9]+").expect("a pattern"));
    assert!(holds(&pattern, "where is A-12?") && !holds(&pattern, "where is B-12?"));
}

#[test]
fn a_field_is_the_users_or_came_with_the_message() {
    let holds = |name: &str, values: &[serde_json::Value]| {
        Condition::Field { name: name.into(), values: values.to_vec() }.holds(&message("hi"), Timestamp(0))
    };
    assert!(holds("plan", &["silver".into(), "gold".into()]));
    assert!(holds("visits", &[3.into()]) && !holds("visits", &["3".into()]));
    assert!(holds("language", &["de".into()]) && !holds("phone", &["de".into()]) && !holds("unknown", &[]));
}

#[test]
fn hours_are_those_of_a_place_also_over_midnight_and_when_clocks_are_put_forward() {
    let berlin = TimeZone::get("Europe/Berlin").expect("it is known");
    let weekdays = [true, true, true, true, true, false, false];
    let office = Hours { days: weekdays, minutes: (9 * 60, 17 * 60), time_zone: berlin.clone() };
    // In winter Berlin is one hour ahead, in summer two.
    for (time, expected) in [
        ("01-05T07:59:59", false),
        ("01-05T08:00:00", true),
        ("01-05T15:59:59", true),
        ("01-05T16:00:00", false),
        ("07-06T07:00:00", true),
        ("07-06T15:00:00", false),
        ("01-10T10:00:00", false),
    ] {
        assert_eq!(office.include(at(time)), expected, "{time}");
    }
    let mut friday = [false; 7];
    friday[4] = true;
    let night = Hours { days: friday, minutes: (22 * 60, 6 * 60), time_zone: berlin };
    for (time, expected) in [
        ("01-09T20:59:00", false),
        ("01-09T21:00:00", true),
        ("01-10T04:59:00", true),
        ("01-10T05:00:00", false),
        ("01-09T03:00:00", false),
        // The night in which an hour is missing.
        ("03-29T01:30:00", false),
    ] {
        assert_eq!(night.include(at(time)), expected, "{time}");
    }
}

#[test]
fn d2_every_day_has_its_office_hours_in_every_zone() {
    const QUARTER_MS: u64 = 15 * 60 * 1000;
    const QUARTERS_A_YEAR: u64 = 365 * 24 * 4;
    for zone in ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"] {
        let time_zone = TimeZone::get(zone).expect(zone);
        let office = Hours { days: [true; 7], minutes: (9 * 60, 17 * 60), time_zone };
        let start = at("01-01T00:00:00");
        let open = (0..QUARTERS_A_YEAR).filter(|quarter| office.include(Timestamp(start.0 + quarter * QUARTER_MS)));
        assert_eq!(open.count(), 365 * 8 * 4, "{zone}: clocks are changed at night");
    }
}
