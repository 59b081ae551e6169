use std::io;
use std::sync::{Arc, Mutex};

use super::terminal::Lines;

/// What is logged, collected.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl io::Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics here").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of `say`, without their times.
fn lines(coloured: bool, say: impl FnOnce()) -> Vec<String> {
    let collected = Collected::default();
    let writer = collected.clone();
    let log = tracing_subscriber::fmt().with_ansi(coloured).event_format(Lines).with_writer(move || writer.clone());
    tracing::subscriber::with_default(log.finish(), say);
    let text = String::from_utf8(collected.0.lock().expect("nobody panics here").clone()).expect("UTF-8");
    text.lines().map(|line| line.split_once("  ").expect("a time").1.to_owned()).collect()
}

#[test]
fn a_line_has_the_message_and_then_the_fields() {
    let said = lines(false, || {
        tracing::info!(turn = 3, user = %"u_1", mended = false, step = "menu", braze_dispatch_id = "0af1", "turn");
        tracing::warn!(reason = "no such campaign", step = None::<&str>, "given up by Braze itself");
        tracing::error!("disk full");
    });
    assert_eq!(
        said,
        [
            "turn           user=u_1 turn=3 step=menu",
            "warn  given up by Braze itself reason=\"no such campaign\"",
            "error  disk full",
        ]
    );
}

#[test]
fn what_others_say_stays_on_its_line() {
    let said = lines(false, || tracing::info!(reason = "a\nb\x1b[2J", "x\ny"));
    assert_eq!(said, ["x y            reason=\"a\\nb\\u{1b}[2J\""]);
}

#[test]
fn colours_are_for_terminals_that_have_them() {
    let said = lines(true, || tracing::warn!(attempt = 2, "put off"));
    assert_eq!(said, ["\x1b[33mwarn\x1b[0m  put off        \x1b[2mattempt=2\x1b[0m"]);
}
