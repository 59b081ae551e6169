//! Hours as people write them.

use super::*;

#[test]
fn days_and_hours_are_read_as_people_write_them() {
    let week = [true, true, true, true, true, false, false];
    assert_eq!(parse_hours("Mon-Fri 09:00-17:00"), Some((week, (540, 1020))));
    assert_eq!(parse_hours("sat,SUN 10:00-02:00"), Some(([false, false, false, false, false, true, true], (600, 120))));
    assert_eq!(parse_hours("20:00-24:00"), Some(([true; 7], (1200, 1440))));
    // From Saturday over the turn of the week to Monday.
    assert_eq!(parse_hours("Sat-Mon 0:00-6:30"), Some(([true, false, false, false, false, true, true], (0, 390))));
    for wrong in ["", "Mon", "Mon 9-17", "Mon 09:60-10:00", "Monday 09:00-17:00", "Mon 09:00-25:00", "Mon-Fri 09:00"] {
        assert_eq!(parse_hours(wrong), None, "{wrong}");
    }
}
