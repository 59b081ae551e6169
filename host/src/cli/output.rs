//! What a command says: data on stdout, talk on stderr, and whether all was well.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::config::{Config, ConfigErrors, Environment, load};

/// All was well.
pub const FINE: u8 = 0;
/// The command found something wrong with what it looked at.
pub const FOUND: u8 = 1;
/// The command was used wrongly, or the configuration is wrong.
pub const WRONG_USE: u8 = 2;

/// The end of a command that prints once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: u8,
}

impl Output {
    #[must_use]
    pub fn fine(stdout: String) -> Self {
        Self { stdout, code: FINE, ..Self::default() }
    }

    /// `message` says what is wrong and how to write it.
    #[must_use]
    pub fn wrong_use(message: &str) -> Self {
        Self { stderr: format!("error: {message}\n"), code: WRONG_USE, ..Self::default() }
    }

    /// Every mistake of a configuration: for people on stderr, for programs as an array on stdout.
    #[must_use]
    pub fn wrong_configuration(errors: &ConfigErrors, json: bool, colour: bool) -> Self {
        if json {
            return Self { stdout: format!("{:#}\n", errors.to_json()), code: WRONG_USE, ..Self::default() };
        }
        Self { stderr: errors.render(colour), code: WRONG_USE, ..Self::default() }
    }

    /// Prints it. A reader that has gone away (`| head`) is no failure.
    #[must_use]
    pub fn emit(self) -> ExitCode {
        let _ = std::io::stdout().write_all(self.stdout.as_bytes());
        let _ = std::io::stderr().write_all(self.stderr.as_bytes());
        ExitCode::from(self.code)
    }
}

/// The configuration, or what to print in its place.
///
/// # Errors
/// Every mistake of the file, ready to print.
pub fn configuration(file: &Path, json: bool, colour: bool, environment: &dyn Environment) -> Result<Config, Output> {
    load(file, environment).map_err(|errors| Output::wrong_configuration(&errors, json, colour))
}

/// Whether talk may be coloured: only on a terminal, and not where NO_COLOR asks for none.
#[must_use]
pub fn colour_on_stderr(environment: &dyn Environment) -> bool {
    std::io::stderr().is_terminal() && environment.var("NO_COLOR").is_none_or(|value| value.is_empty())
}
