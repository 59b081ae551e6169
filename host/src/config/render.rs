//! Mistakes as people read them: place, line, caret, fix.
//!
//! Our own because the line shown may hold anything: tabs, control characters, a line of a megabyte.

use std::fmt::Write as _;

use super::error::{ConfigError, ConfigErrors, Position};

/// Beyond it a line is cut around the mistake.
const LINE_CHARS_MAX: usize = 110;
const TAB: &str = "    ";

/// Escape sequences, or nothing where the output is no terminal.
struct Style {
    error: &'static str,
    gutter: &'static str,
    help: &'static str,
    end: &'static str,
}

const PLAIN: Style = Style { error: "", gutter: "", help: "", end: "" };
const COLOURED: Style = Style { error: "\x1b[1;31m", gutter: "\x1b[34m", help: "\x1b[36m", end: "\x1b[0m" };

pub(super) fn render(errors: &ConfigErrors, colour: bool) -> String {
    let style = if colour { &COLOURED } else { &PLAIN };
    let mut out = String::new();
    for error in &errors.errors {
        write_error(&mut out, errors, error, style);
        out.push('\n');
    }
    let count = errors.errors.len();
    let mistakes = if count == 1 { "mistake" } else { "mistakes" };
    out += &format!("{count} {mistakes} in {}\n", printable(&errors.file));
    out
}

fn write_error(out: &mut String, errors: &ConfigErrors, error: &ConfigError, style: &Style) {
    let Style { error: red, gutter, help, end } = style;
    let position = errors.position(error);
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{red}error[{}]{end}: {}", error.code, printable(&error.message));
    let file = printable(&errors.file);
    if let Some((line, caret)) = snippet(errors, error, position) {
        let _ = writeln!(out, "{margin}{gutter}-->{end} {file}:{}:{}", position.line, position.column);
        let _ = writeln!(out, "{margin} {gutter}|{end}");
        let _ = writeln!(out, "{gutter}{number} |{end} {line}");
        let _ = writeln!(out, "{margin} {gutter}|{end} {red}{caret}{end}");
    } else {
        let _ = writeln!(out, "{margin}{gutter}-->{end} {file}");
    }
    let mut lines = error.help.lines().map(printable);
    let _ = writeln!(out, "{margin} {gutter}={end} {help}fix:{end} {}", lines.next().unwrap_or_default());
    // Below the first line is text to paste, which nothing of ours may stand in front of.
    lines.for_each(|line| out.extend([line.as_str(), "\n"]));
}

/// The line the mistake begins on and the carets below it; none where there is no text.
fn snippet(errors: &ConfigErrors, error: &ConfigError, position: Position) -> Option<(String, String)> {
    if errors.text.is_empty() {
        return None;
    }
    let text = errors.text.strip_prefix('\u{feff}').unwrap_or(&errors.text);
    let line = text.split('\n').nth(position.line - 1)?.trim_end_matches('\r');
    let marked = errors.text.get(error.span.clone()).unwrap_or_default();
    let marked = marked.split(['\r', '\n']).next().unwrap_or_default().chars().count();

    let start = position.column - 1;
    let skipped = if start + marked.min(40) > LINE_CHARS_MAX { start.saturating_sub(LINE_CHARS_MAX / 2) } else { 0 };
    let cut_before = if skipped > 0 { "…" } else { "" };
    let cut_after = if line.chars().count() > skipped + LINE_CHARS_MAX { "…" } else { "" };
    let shown: String = line.chars().skip(skipped).take(LINE_CHARS_MAX).collect();
    let width = |from: usize, count: usize| {
        printable(&shown.chars().skip(from).take(count).collect::<String>()).chars().count()
    };

    let indent = cut_before.chars().count() + width(0, start - skipped);
    let carets = width(start - skipped, marked).max(1);
    let caret = format!("{}{}", " ".repeat(indent), "^".repeat(carets));
    Some((format!("{cut_before}{}{cut_after}", printable(&shown)), caret))
}

/// A configuration may come from anywhere: what could drive a terminal is shown as a replacement character.
fn printable(text: &str) -> String {
    let tabs = text.replace('\t', TAB);
    tabs.chars().map(|c| if c.is_control() || is_invisible(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Characters that reorder or hide the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
