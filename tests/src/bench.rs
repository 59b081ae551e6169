//! The benchmark: the whole server beside the bare parts it is made of, in one run, by turns.
//!
//! One thread drives everything here, load and sandbox included, so that the server under test has as much of the machine as can be
//! had. What is compared is measured within seconds of each other and repeated; the table has medians.

mod bare_redb;
mod bare_wasmtime;
mod disk;
mod driven;
mod figure;
mod inbox;
mod journal;
mod languages;
mod long;
mod machine;
mod pages;
mod plugin;
mod replay;
mod rows;
mod search;
mod server;
mod stats;
mod table;
mod timers;
mod transcripts;
mod webhook;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::repository;
use bare_redb::{BareRedb, Shape};
use figure::Figure;
use languages::LanguagesBench;
use plugin::PluginBench;
use replay::ReplayBench;
use server::Server;
use stats::Percentiles;

pub use table::Report;

/// Conversations that turns are spread over.
const USERS: usize = 20_000;
/// Longer than a turn's last write takes, so that no turn waits for the one before.
const IDLE_PAUSE: Duration = Duration::from_millis(10);

/// What to measure and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    pub rounds: usize,
    /// Of one point of the server; the bare parts take less.
    pub span: Duration,
    pub in_flight: Vec<usize>,
    /// Leave the rest out, for trying and for profiles; empty for everything.
    pub only: Vec<Part>,
    /// The plugins to compare; where none is named, the same bot in every language that is built.
    pub plugins: Vec<PathBuf>,
}

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Disk,
    Redb,
    Server,
    Plugin,
    Languages,
    Replay,
    Transcripts,
    Timers,
    Journal,
    Long,
    Search,
    Inbox,
}

/// One line of the table, as one round measured it.
#[derive(Clone, Debug, Default)]
struct Row {
    what: String,
    in_flight: usize,
    per_second: Option<f64>,
    /// Until the first durable answer.
    ack: Option<Percentiles>,
    /// From posting the webhook until the sandbox has the reply.
    call: Option<Percentiles>,
    /// Until the whole turn is over.
    done: Option<Percentiles>,
    /// Processor time a turn: of the process measured, and of the load and the sandbox beside it.
    cpu_us: Option<f64>,
    bench_cpu_us: Option<f64>,
    written_kib: Option<f64>,
    /// How many cores were busy with other people's work.
    others_cores: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 3,
            span: Duration::from_secs(10),
            in_flight: vec![1, 8, 64, 256],
            only: Vec::new(),
            plugins: Vec::new(),
        }
    }
}

impl Options {
    fn measures(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Runs the benchmark; `say` hears how far it is.
pub async fn run(options: &Options, say: impl Fn(&str)) -> std::io::Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new(machine::description(folder.path()), options);

    // They need nothing of what is prepared below.
    if !options.only.is_empty() && options.only.iter().all(|part| matches!(part, Part::Search | Part::Inbox)) {
        report.figures.push(figures(options, folder.path(), &say).await);
        return Ok(report);
    }
    say("preparing: the plugin, a conversation for each of 20000 users in redb and in the server");
    let plugin = PluginBench::load().await;
    let rows = rows::turn_rows(&plugin.plugins, &plugin.menu).await;
    report.turn_bytes = rows.bytes();
    let mut bare = match options.measures(Part::Redb) {
        true => Some(BareRedb::create(&folder.path().join("bare.redb"), rows).await),
        false => None,
    };
    let mut server = match options.measures(Part::Server) {
        true => Some(Server::start().await?),
        false => None,
    };
    let languages = match options.measures(Part::Languages) {
        true if options.plugins.is_empty() => Some(LanguagesBench::load(&languages::default_plugins(), &say).await),
        true => Some(LanguagesBench::load(&options.plugins, &say).await),
        false => None,
    };

    let replay = match options.measures(Part::Replay) {
        true => Some(ReplayBench::prepare(folder.path()).await?),
        false => None,
    };

    for round in 1..=options.rounds {
        say(&format!("round {round} of {}, load {}", options.rounds, machine::load()));
        let mut rows = Vec::new();
        if options.measures(Part::Disk) {
            rows.extend(disk::measure(folder.path(), options.span / 10)?);
        }
        if let Some(bare) = &mut bare {
            rows.push(bare.measure_idle(options.span / 3).await);
        }
        if let Some(server) = &mut server {
            rows.push(server.measure_idle(options.span / 3).await?);
        }
        for &in_flight in &options.in_flight {
            if let Some(bare) = &mut bare {
                for shape in Shape::ALL {
                    rows.push(bare.measure(shape, in_flight, options.span / 3).await);
                }
            }
            if let Some(server) = &mut server {
                say(&format!("  the server, {in_flight} in flight, pid {}", server.pid()));
                rows.push(server.measure(in_flight, options.span).await?);
            }
        }
        if options.measures(Part::Plugin) {
            rows.extend(plugin.measure(options.span / 3).await);
        }
        if let Some(replay) = &replay {
            rows.extend(replay.measure()?);
        }
        if options.measures(Part::Transcripts) {
            rows.push(transcripts::measure(options.span / 3)?);
        }
        if let Some(languages) = &languages {
            report.languages.push(languages.measure(options.span / 3).await);
        }
        report.round(rows);
        report.figures.push(figures(options, folder.path(), &say).await);
    }
    if let Some(bare) = bare {
        bare.close();
    }
    if let Some(server) = server {
        report.resident_mib = Some((server.resident_idle_mib, server.resident_loaded_mib));
    }
    Ok(report)
}

/// The parts that are measured in this process, each on databases of its own.
async fn figures(options: &Options, folder: &Path, say: &impl Fn(&str)) -> Vec<Figure> {
    let mut figures = Vec::new();
    if options.measures(Part::Timers) {
        say("  a million timers");
        figures.extend(timers::measure(folder.into()).await);
    }
    if options.measures(Part::Journal) {
        say("  turns with and without the journal");
        figures.extend(journal::measure(folder.into(), options.span).await);
    }
    if options.measures(Part::Long) {
        say("  a conversation of 10000 turns");
        figures.extend(long::measure(folder.into(), options.span).await);
    }
    if options.measures(Part::Inbox) {
        say("  an agent who looks at the inbox");
        match inbox::measure(options.span).await {
            Ok(measured) => figures.extend(measured),
            Err(error) => say(&format!("  the inbox cannot be measured: {error}")),
        }
        figures.extend(pages::measure().await);
    }
    // A part of its own: it fills a database with a million conversations first.
    if options.only.contains(&Part::Search) {
        say("  searching a million messages and conversations");
        figures.extend(search::measure(folder.into(), say).await);
    }
    figures
}
