//! JUnit's XML, as far as continuous integration reads it.

use std::fmt::Write as _;
use std::time::Duration;

use super::report::Played;
use crate::xml::escaped;

/// One suite, one case a transcript.
pub(super) fn xml(all: &[Played]) -> String {
    let failed = all.iter().filter(|played| !played.passed()).count();
    let time: Duration = all.iter().map(|played| played.took).sum();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuites tests=\"{0}\" failures=\"{failed}\" time=\"{1:.3}\">\n  <testsuite name=\"turnwise\" tests=\"{0}\" \
         failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"{1:.3}\">",
        all.len(),
        time.as_secs_f64(),
    );
    for played in all {
        let (suite, name) = played.name.rsplit_once('/').unwrap_or(("", &played.name));
        let (suite, name, file) = (escaped(suite), escaped(name), escaped(&played.name));
        let _ = write!(
            xml,
            "    <testcase classname=\"{suite}\" name=\"{name}\" file=\"{file}\" time=\"{:.3}\"",
            played.took.as_secs_f64(),
        );
        let _ = match played.trouble() {
            None => writeln!(xml, "/>"),
            Some(trouble) => {
                let first = escaped(trouble.report.lines().next().unwrap_or_default());
                let report = escaped(&trouble.report);
                writeln!(xml, ">\n      <failure message=\"{first}\">{report}</failure>\n    </testcase>")
            }
        };
    }
    xml + "  </testsuite>\n</testsuites>\n"
}

#[cfg(test)]
mod tests;
