//! Plugins that behave and plugins that do not, each in a real instance.

pub(crate) mod every;
mod fuzz;
pub(crate) mod guest;
mod hostile;
mod hostile_c;
mod hostile_python;
mod isolation;
mod loading;
mod menus;
mod space;
mod stored;
mod swapping;
mod turns;
mod wasi;

use std::path::PathBuf;

use super::*;
use crate::clock::Timestamp;
use crate::config::PluginLimits;
use crate::conversation::{ConversationId, DeskStatus, Message, NamedJson, User};
use crate::limits;

/// A file that goes when the test does.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let unique = crate::conversation::id::hash128("test", &[name.as_bytes(), &thread_name(), bytes]);
        let path = std::env::temp_dir().join(format!("turnwise-{}-{}.wasm", std::process::id(), hex(&unique)));
        std::fs::write(&path, bytes).expect("the temporary folder is writable");
        Self(path)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn thread_name() -> Vec<u8> {
    std::thread::current().name().unwrap_or_default().as_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn host() -> Plugins {
    Plugins::new(limits::PLUGIN_MEMORY_BYTES_MAX).expect("an engine")
}

pub(super) async fn compile(
    plugins: &Plugins,
    name: &str,
    bytes: &[u8],
    limits: PluginLimits,
) -> Result<Arc<Plugin>, LoadError> {
    let file = TempFile::new(name, bytes);
    plugins.compile(Wanted { name: name.into(), file: file.0.clone(), settings: vec![], limits }).await
}

/// A host whose one bot is this plugin.
async fn host_of(bytes: &[u8], limits: PluginLimits) -> Plugins {
    let plugins = host();
    let plugin = compile(&plugins, "bot", bytes, limits).await.unwrap_or_else(|error| panic!("{error}"));
    plugins.insert(plugin);
    plugins
}

async fn turn_of(bytes: &[u8]) -> TurnResult {
    turn(&host_of(bytes, PluginLimits::default()).await).await
}

pub(super) async fn turn(plugins: &Plugins) -> TurnResult {
    plugins.decide("bot", &context(), Some("{\"n\":1}"), &message("hi")).await
}

fn context() -> Context {
    Context {
        conversation: ConversationId::of("whatsapp", "u1"),
        session: 1,
        turn: 1,
        user: User { external_id: Some("u1".into()), ..User::default() },
        source: "whatsapp".into(),
        now: Timestamp(1_700_000_000_123),
        seed: 7,
        settings: vec![NamedJson { name: "greeting".into(), value: "\"hi\"".into() }],
        fields: vec![],
        desk: DeskStatus::Closed(Some(Timestamp(1))),
    }
}

fn message(text: &str) -> Event {
    Event::Message(Message {
        id: "m1".into(),
        text: text.into(),
        media: vec![],
        choice: None,
        flow_response: None,
        received: Timestamp(1_700_000_000_000),
    })
}
