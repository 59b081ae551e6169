mod bad;
mod connections;
mod desk;
mod documents;
mod good;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::environment::Environment;
use super::error::ConfigErrors;
use super::{Config, parse};

/// An environment of a few variables and files.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) vars: BTreeMap<&'static str, &'static str>,
    pub(crate) files: BTreeMap<&'static str, &'static str>,
}

impl Fake {
    /// Every way a secret can be, and two plugins.
    pub(crate) fn new() -> Self {
        let vars = [
            ("BRAZE_API_KEY", "3f1c5f0e-7f63-4d6b-9a57-1f8f6a2f8c11"),
            ("WEBHOOK_TOKEN", "0123456789abcdef0123456789abcdef"),
            ("NEW_TOKEN", "fedcba9876543210fedcba9876543210"),
            ("SAME_TOKEN", "0123456789abcdef0123456789abcdef"),
            ("SHORT", "fifteen-letters"),
            ("EMPTY", ""),
            ("BLANK", "  \n"),
            ("SPACED", "0123456789abcdef "),
            ("QUOTED", "\"0123456789abcdef\""),
            ("BEARER", "Bearer 0123456789abcdef"),
            ("ACCENTED", "0123456789abcdéf"),
            ("BROKEN", "01234567\n89abcdef"),
            ("LLM_KEY", "sk-hunter2-0123456789"),
            ("CRM_KEY", "crm-0123456789"),
            ("CHATWOOT_TOKEN", "chatwoot-0123456789"),
            ("CHATWOOT_WEBHOOK_SECRET", "signing-0123456789"),
        ];
        let files = [
            ("conf/plugins/menu.wasm", ""),
            ("conf/plugins/orders.wasm", ""),
            ("conf/plugins/readme.txt", ""),
            ("conf/other/echo.wasm", ""),
            ("conf/token", "0123456789abcdef-of-a-file\n"),
            ("/run/secrets/key", "a-key-of-a-file\r\n"),
            ("conf/empty", "\n"),
        ];
        Self { vars: vars.into(), files: files.into() }
    }
}

impl Environment for Fake {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).map(ToString::to_string)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let text = path.to_str().and_then(|path| self.files.get(path));
        text.map(ToString::to_string).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn files(&self, folder: &Path) -> Vec<String> {
        let inside = self.files.keys().filter_map(|path| Path::new(path).strip_prefix(folder).ok());
        inside.filter_map(Path::to_str).filter(|rest| !rest.contains('/')).map(str::to_owned).collect()
    }
}

const BRAZE: &str = "[braze]\nendpoint = \"https://rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"\n";
const CAMPAIGN: &str = "[braze.campaigns.reply]\nid = \"01234567-89ab-cdef-0123-456789abcdef\"\n";
const SOURCE: &str = "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\n";

/// The text, followed by whatever a valid configuration has besides.
pub(crate) fn completed(text: &str) -> String {
    let mut text = format!("{text}\n");
    for (section, rest) in [("[braze]", BRAZE), ("[braze.campaigns", CAMPAIGN), ("[sources.", SOURCE)] {
        if !text.contains(section) {
            text += rest;
        }
    }
    text
}

fn read(text: &str) -> Result<Config, ConfigErrors> {
    parse("conf/turnwise.toml", text, &Fake::new())
}

/// `code line:column` of every mistake.
fn mistakes(text: &str) -> Vec<String> {
    let Err(errors) = read(text) else { return Vec::new() };
    let shown = errors.errors.iter().map(|error| {
        let at = errors.position(error);
        assert!(!error.help.is_empty() && !error.message.is_empty(), "{error:?}");
        assert!(!error.message.ends_with('.'), "{error:?}");
        format!("{} {}:{}", error.code, at.line, at.column)
    });
    shown.collect()
}

/// `[server]` with every default.
pub(crate) fn server() -> super::Server {
    super::read::defaults().server
}
