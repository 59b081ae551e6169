//! What a run found: medians for people, everything for machines.

use std::fmt::{self, Write};

use serde_json::{Value, json};

use super::bare_redb::{self, Shape};
use super::figure::Figure;
use super::languages::{self, Language};
use super::stats::{Percentiles, median};
use super::{Options, Row, machine, plugin, replay, server};

/// A run's findings.
#[derive(Clone, Debug)]
pub struct Report {
    machine: String,
    rounds_wanted: usize,
    load_before: String,
    /// All values that a turn writes together.
    pub(super) turn_bytes: usize,
    /// Idle and loaded.
    pub(super) resident_mib: Option<(f64, f64)>,
    rounds: Vec<Vec<Row>>,
    /// Each plugin of each round.
    pub(super) languages: Vec<Vec<Language>>,
    /// Of each round.
    pub(super) figures: Vec<Vec<Figure>>,
}

impl Report {
    pub(super) fn new(machine: String, options: &Options) -> Self {
        let load_before = machine::load();
        Self {
            machine,
            rounds_wanted: options.rounds,
            load_before,
            turn_bytes: 0,
            resident_mib: None,
            rounds: Vec::new(),
            languages: Vec::new(),
            figures: Vec::new(),
        }
    }

    pub(super) fn round(&mut self, rows: Vec<Row>) {
        self.rounds.push(rows);
    }

    /// Everything measured, and the medians.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows = |rows: &[Row]| rows.iter().map(Row::json).collect::<Vec<_>>();
        json!({
            "machine": self.machine,
            "load_before": self.load_before,
            "turn_bytes": self.turn_bytes,
            "resident_idle_mib": self.resident_mib.map(|(idle, _)| idle),
            "resident_loaded_mib": self.resident_mib.map(|(_, loaded)| loaded),
            "medians": rows(&self.medians()),
            "plugins": self.language_medians().iter().map(Language::json).collect::<Vec<_>>(),
            "figures": Figure::medians(&self.figures).iter().map(Figure::json).collect::<Vec<_>>(),
            "rounds": self.rounds.iter().map(|round| rows(round)).collect::<Vec<_>>(),
        })
    }

    fn medians(&self) -> Vec<Row> {
        let Some(first) = self.rounds.first() else { return Vec::new() };
        let of = |row: &Row| -> Vec<&Row> {
            self.rounds
                .iter()
                .flatten()
                .filter(|other| other.what == row.what && other.in_flight == row.in_flight)
                .collect()
        };
        first.iter().map(|row| Row::median(&of(row))).collect()
    }

    fn language_medians(&self) -> Vec<Language> {
        let Some(first) = self.languages.first() else { return Vec::new() };
        let of = |name: &str| -> Vec<&Language> {
            self.languages.iter().flatten().filter(|language| language.name == name).collect()
        };
        first.iter().map(|language| Language::median(&of(&language.name))).collect()
    }

    /// The median over rounds of a quotient within a round.
    fn quotient(&self, in_flight: usize, above: &str, below: &str, value: impl Fn(&Row) -> Option<f64>) -> Option<f64> {
        let find = |round: &[Row], what: &str| {
            round.iter().find(|row| row.what == what && row.in_flight == in_flight).and_then(&value)
        };
        median(self.rounds.iter().filter_map(|round| Some(find(round, above)? / find(round, below)?)))
    }

    fn verdicts(&self) -> Vec<String> {
        let medians = self.medians();
        let row =
            |what: &str, in_flight: usize| medians.iter().find(|row| row.what == what && row.in_flight == in_flight);
        let mut lines = Vec::new();
        for bare in Shape::ALL.map(Shape::name) {
            if let Some(share) = self.quotient(64, server::NAME, bare, |row| row.per_second) {
                lines.push(format!("turns/s at 64 in flight, of {bare}: {:.0} % (aim: at least 60 %)", share * 100.0));
            }
        }
        if let Some(ack) = row(server::NAME, 64).and_then(|row| row.ack) {
            lines.push(format!("ack p99 at 64 in flight: {:.1} ms (aim: at most 25 ms)", ack.p99_ms));
        }
        if let (Some(call), Some(bare)) =
            (row(server::IDLE_NAME, 1).and_then(|row| row.call), row(bare_redb::IDLE_NAME, 1).and_then(|row| row.ack))
        {
            let aim = |bare: Percentiles| 3.0 * bare.p50_ms + 1.0;
            let busy = row(Shape::OneCommit.name(), 1).and_then(|row| row.ack).map(aim);
            lines.push(format!(
                "idle webhook to Braze call p50: {:.2} ms (aim: at most 3 bare commits + 1 ms = {:.2} ms; {} ms by commits one after another)",
                call.p50_ms,
                aim(bare),
                number(busy, 2),
            ));
        }
        if let Some(times) = self.quotient(1, plugin::NAME, plugin::BARE_NAME, |row| Some(row.ack?.p50_ms)) {
            lines.push(format!("a plugin's turn, of bare wasmtime's: {times:.2} times (aim: at most 1.5)"));
        }
        if let Some(per_second) = row(replay::NAME, 1).and_then(|row| row.per_second) {
            lines.push(format!("replay: {per_second:.0} turns/s (aim: at least 5000)"));
        }
        if let Some((idle, loaded)) = self.resident_mib {
            lines.push(format!(
                "resident memory: {idle:.0} MiB idle, {loaded:.0} MiB under load (aim: at most 150 MB idle)"
            ));
        }
        lines.extend(Figure::medians(&self.figures).iter().map(ToString::to_string));
        lines
    }
}

impl Row {
    fn median(rows: &[&Self]) -> Self {
        let number = |value: fn(&Self) -> Option<f64>| median(rows.iter().filter_map(|row| value(row)));
        let percentiles = |value: fn(&Self) -> Option<Percentiles>| {
            Some(Percentiles {
                p50_ms: median(rows.iter().filter_map(|row| Some(value(row)?.p50_ms)))?,
                p99_ms: median(rows.iter().filter_map(|row| Some(value(row)?.p99_ms)))?,
            })
        };
        Self {
            what: rows[0].what.clone(),
            in_flight: rows[0].in_flight,
            per_second: number(|row| row.per_second),
            ack: percentiles(|row| row.ack),
            call: percentiles(|row| row.call),
            done: percentiles(|row| row.done),
            cpu_us: number(|row| row.cpu_us),
            bench_cpu_us: number(|row| row.bench_cpu_us),
            written_kib: number(|row| row.written_kib),
            others_cores: number(|row| row.others_cores),
        }
    }

    fn json(&self) -> Value {
        let pair = |pair: Option<Percentiles>| pair.map(|pair| json!({ "p50": pair.p50_ms, "p99": pair.p99_ms }));
        json!({
            "what": self.what,
            "in_flight": self.in_flight,
            "per_second": self.per_second,
            "ack_ms": pair(self.ack),
            "call_ms": pair(self.call),
            "done_ms": pair(self.done),
            "cpu_us_per_turn": self.cpu_us,
            "bench_cpu_us_per_turn": self.bench_cpu_us,
            "written_kib_per_turn": self.written_kib,
            "cores_busy_with_others": self.others_cores,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "load {} before, {} after; medians of {} rounds of {}; a turn writes {} bytes in 7 rows\n",
            self.load_before,
            machine::load(),
            self.rounds.len(),
            self.rounds_wanted,
            self.turn_bytes,
        )?;
        writeln!(
            f,
            "| {:<40} | in flight | per second | ack ms p50 / p99 | to Braze ms p50 / p99 | CPU us (+ load) | KiB written | others' cores |",
            "each column is of one turn"
        )?;
        writeln!(f, "|{}|---:|---:|---:|---:|---:|---:|---:|", "-".repeat(42))?;
        for row in self.medians() {
            let cpu = match (row.cpu_us, row.bench_cpu_us) {
                (Some(cpu), Some(bench)) => format!("{cpu:.0} (+ {bench:.0})"),
                (cpu, _) => number(cpu, 0),
            };
            writeln!(
                f,
                "| {:<40} | {:>9} | {:>10} | {:>16} | {:>21} | {cpu:>15} | {:>11} | {:>13} |",
                row.what,
                row.in_flight,
                number(row.per_second, 0),
                pair(row.ack),
                pair(row.call),
                number(row.written_kib, 1),
                number(row.others_cores, 2),
            )?;
        }
        f.write_char('\n')?;
        self.verdicts().iter().try_for_each(|line| writeln!(f, "- {line}"))?;
        let languages = self.language_medians();
        if languages.is_empty() { Ok(()) } else { write!(f, "\n{}", languages::table(&languages)?) }
    }
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

fn pair(pair: Option<Percentiles>) -> String {
    let digits = |ms: f64| if ms < 1.0 { 3 } else { 2 };
    pair.map_or_else(String::new, |Percentiles { p50_ms, p99_ms }| {
        format!("{p50_ms:.0$} / {p99_ms:.1$}", digits(p50_ms), digits(p99_ms))
    })
}
