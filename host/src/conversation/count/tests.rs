//! What whole conversations add up to.

use super::*;

#[test]
fn the_middle_of_spans_is_the_end_in_which_it_is_reached() {
    let spans = [(100, 1), (25, 6), (50, 3)];
    assert_eq!(quantile(&spans, 0.5), Some(25));
    assert_eq!(quantile(&spans, 0.9), Some(50));
    assert_eq!(quantile(&spans, 1.0), Some(100));
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn a_span_is_counted_by_the_end_that_it_does_not_exceed() {
    let label = |ms| span_label(Duration::from_millis(ms), &ANSWER_MS, Duration::from_millis);
    assert_eq!(
        [label(0), label(25), label(26), label(10_001)].map(|label| label.to_string()),
        ["25", "25", "50", LONGER]
    );
}
