//! Simulated conversations: one for each caller and plugin, in memory, no more than there is room for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Mutex as Turn;
use tokio::task::spawn_blocking;

use crate::console::Trouble;
use crate::limits::{SIMULATED_LINES_MAX, SIMULATIONS_MAX};
use crate::plugins::{Plugin, Plugins};
use crate::transcript::component::Component;
use crate::transcript::talk::{self, Talk};
use crate::transcript::traced::Traced;
use crate::transcript::{Line, Said};

/// One conversation with the version it began with.
pub(in crate::console) struct Simulation {
    pub(super) plugin: Arc<Plugin>,
    pub(super) talk: Talk,
}

/// All of them; each is locked while it has a turn.
#[derive(Default)]
pub(in crate::console) struct Simulations(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_caller: HashMap<(String, String), Entry>,
    /// Counts uses, so that the one unused for longest goes.
    uses: u64,
}

struct Entry {
    used: u64,
    simulation: Arc<Turn<Simulation>>,
}

impl Simulations {
    /// The caller's conversation with this plugin; it begins where there is none.
    pub(super) fn of(&self, plugins: &Plugins, caller: &str, plugin: &str) -> Result<Arc<Turn<Simulation>>, Trouble> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let used = kept.uses;
        let key = (caller.to_owned(), plugin.to_owned());
        if let Some(entry) = kept.by_caller.get_mut(&key) {
            entry.used = used;
            return Ok(Arc::clone(&entry.simulation));
        }
        let loaded = plugins.get(plugin).ok_or_else(|| Trouble::gone(format!("There is no plugin {plugin}.")))?;
        if kept.by_caller.len() >= SIMULATIONS_MAX {
            let oldest = kept.by_caller.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.by_caller.remove(&key));
        }
        let simulation = Arc::new(Turn::new(Simulation::with(loaded)));
        kept.by_caller.insert(key, Entry { used, simulation: Arc::clone(&simulation) });
        Ok(simulation)
    }
}

impl Simulation {
    fn with(plugin: Arc<Plugin>) -> Self {
        Self { talk: Talk::with(&plugin.name), plugin }
    }

    /// Begins anew, with the version that is loaded now.
    pub(super) fn begin_anew(&mut self, plugins: &Plugins) {
        let plugin = plugins.get(&self.plugin.name).unwrap_or_else(|| Arc::clone(&self.plugin));
        *self = Self::with(plugin);
    }

    pub(super) fn is_full(&self) -> bool {
        self.talk.history().len() >= SIMULATED_LINES_MAX
    }
}

/// Lets lines happen, one after the other. The plugin's settings are its first lines, so that a saved transcript has them.
pub(super) async fn play(
    simulation: Arc<Turn<Simulation>>,
    plugins: Arc<Plugins>,
    lines: Vec<(Line, Vec<Said>)>,
) -> Result<(), Trouble> {
    let runtime = Handle::current();
    let played = spawn_blocking(move || {
        let mut simulation = simulation.blocking_lock();
        let Simulation { plugin, talk } = &mut *simulation;
        let mut traced = Traced::new(Component::of_host(runtime, &plugins, plugin));
        if talk.history().is_empty() {
            for setting in &plugin.settings {
                if let Ok(Some(line)) = talk::read(&format!("@ setting {}={}", setting.name, setting.value)) {
                    talk.happens(&mut traced, &line, &[]);
                }
            }
        }
        for (line, more) in &lines {
            talk.happens(&mut traced, line, more);
        }
    });
    played.await.map_err(|panic| Trouble::broken(&panic))
}
