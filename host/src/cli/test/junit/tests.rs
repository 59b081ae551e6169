use super::super::report::{Came, Trouble};
use super::*;

#[test]
fn what_reports_hold_cannot_leave_its_element() {
    let report = "tests/<b>.chat:3: differs\n\n  - < a & \"b\" \u{1b}[31m\n".to_owned();
    let played = |name: &str, came| Played { name: name.into(), turns: 1, took: Duration::from_millis(1500), came };
    let all = [
        played("tests/a.chat", Came::Passed),
        played("tests/<b>.chat", Came::Failed(Trouble { line: Some(3), report })),
        played("c.chat", Came::Updated),
    ];
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <testsuites tests=\"3\" failures=\"1\" time=\"4.500\">\n  \
        <testsuite name=\"turnwise\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"4.500\">\n    \
        <testcase classname=\"tests\" name=\"a.chat\" file=\"tests/a.chat\" time=\"1.500\"/>\n    \
        <testcase classname=\"tests\" name=\"&lt;b&gt;.chat\" file=\"tests/&lt;b&gt;.chat\" time=\"1.500\">\n      \
        <failure message=\"tests/&lt;b&gt;.chat:3: differs\">tests/&lt;b&gt;.chat:3: differs\n\n  - &lt; a &amp; \
        &quot;b&quot; \u{fffd}[31m\n</failure>\n    </testcase>\n    \
        <testcase classname=\"\" name=\"c.chat\" file=\"c.chat\" time=\"1.500\"/>\n  </testsuite>\n</testsuites>\n";
    assert_eq!(xml(&all), expected);
}
