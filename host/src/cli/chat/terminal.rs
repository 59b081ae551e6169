//! Where lines come from: an editor in a terminal, else stdin as it is.

use std::io::{BufRead as _, IsTerminal as _, stdin};

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

pub(super) enum Terminal {
    Editor(Box<DefaultEditor>),
    Piped,
}

pub(super) enum Read {
    Line(String),
    End,
}

impl Terminal {
    pub(super) fn open() -> Result<Self, ReadlineError> {
        if stdin().is_terminal() { DefaultEditor::new().map(Box::new).map(Self::Editor) } else { Ok(Self::Piped) }
    }

    pub(super) fn read(&mut self) -> Read {
        match self {
            Self::Editor(editor) => match editor.readline("> ") {
                Ok(line) => {
                    // Its history is a convenience.
                    let _ = editor.add_history_entry(&line);
                    Read::Line(line)
                }
                Err(_) => Read::End,
            },
            Self::Piped => {
                let mut bytes = Vec::new();
                match stdin().lock().read_until(b'\n', &mut bytes) {
                    Ok(1..) => Read::Line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()),
                    Ok(0) | Err(_) => Read::End,
                }
            }
        }
    }
}
