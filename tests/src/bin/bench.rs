//! `make bench`: prints the table of docs/performance.md. `--quick` takes seconds and says little; `--json FILE` keeps every figure.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use mimalloc::MiMalloc;
use turnwise_tests::bench::{self, Options, Part};

/// As in `turnwise` itself, so that what it is compared with has it as well.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const USAGE: &str = "usage: bench [--quick] [--json FILE] [--rounds N] [--seconds N] [--in-flight N,N] [--only disk,redb,server,plugin,languages,timers,journal,long,replay,transcripts,search,inbox] [PLUGIN.wasm…]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some((options, json)) = arguments(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let report = match bench::run(&options, |line| eprintln!("{line}")).await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("the benchmark cannot go on: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{report}");
    if let Some(file) = json
        && let Err(error) = std::fs::write(&file, format!("{:#}\n", report.json()))
    {
        eprintln!("{} cannot be written: {error}", file.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn arguments(mut words: impl Iterator<Item = String>) -> Option<(Options, Option<PathBuf>)> {
    let (mut options, mut json) = (Options::default(), None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => (options.rounds, options.span) = (1, Duration::from_secs(2)),
            "--json" => json = Some(words.next()?.into()),
            "--rounds" => options.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            "--seconds" => options.span = Duration::from_secs(words.next()?.parse().ok().filter(|span| *span > 0)?),
            "--in-flight" => {
                options.in_flight = words.next()?.split(',').map(|count| count.parse().ok()).collect::<Option<_>>()?;
            }
            "--only" => {
                options.only = words.next()?.split(',').map(part).collect::<Option<_>>()?;
            }
            file if file.ends_with(".wasm") => options.plugins.push(file.into()),
            _ => return None,
        }
    }
    Some((options, json))
}

fn part(name: &str) -> Option<Part> {
    Some(match name {
        "disk" => Part::Disk,
        "redb" => Part::Redb,
        "server" => Part::Server,
        "plugin" => Part::Plugin,
        "languages" => Part::Languages,
        "timers" => Part::Timers,
        "journal" => Part::Journal,
        "long" => Part::Long,
        "replay" => Part::Replay,
        "transcripts" => Part::Transcripts,
        "search" => Part::Search,
        "inbox" => Part::Inbox,
        _ => return None,
    })
}
