//! What the kernel counts: of a process, and of the machine beside it. Linux only.

use std::fs;
use std::path::Path;

/// `/proc` counts processor time in this many a second on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process's counters since its start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) cpu_seconds: f64,
    /// Caused to be written to storage, pages of the file that is rewritten counted each time.
    pub(super) written_bytes: f64,
}

/// The machine's counters since its start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Busy {
    pub(super) cpu_seconds: f64,
}

impl Usage {
    /// Of the process with this id.
    #[must_use]
    pub(super) fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in parentheses may hold anything; behind it the fields count from the third.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
        let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        Self {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS_PER_SECOND,
            written_bytes: field(&io, "write_bytes:").unwrap_or_default(),
        }
    }

    /// Of this process.
    #[must_use]
    pub(super) fn own() -> Self {
        Self::of(std::process::id())
    }

    #[must_use]
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds - earlier.cpu_seconds,
            written_bytes: self.written_bytes - earlier.written_bytes,
        }
    }
}

impl Busy {
    #[must_use]
    pub(super) fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let ticks: Vec<f64> = stat
            .lines()
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1)
            .filter_map(|ticks| ticks.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal: all but idle and iowait is somebody's work.
        let busy = ticks.iter().take(8).enumerate().filter(|(place, _)| *place != 3 && *place != 4);
        Self { cpu_seconds: busy.map(|(_, ticks)| ticks).sum::<f64>() / TICKS_PER_SECOND }
    }
}

/// Resident memory of a process, in MiB.
#[must_use]
pub(super) fn resident_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, "VmRSS:").unwrap_or_default() / 1024.0
}

/// The load averages of 1, 5 and 15 minutes.
#[must_use]
pub(super) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// What this is measured on, in one line.
#[must_use]
pub(super) fn description(data: &Path) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} x {model}, {:.0} GiB, Linux {}, data on {} ({})",
        memory / 1024.0 / 1024.0,
        kernel.trim(),
        file_system(data),
        data.display(),
    )
}

/// Of the longest mount point above the folder.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    let above = mounts.filter(|(_, at, _)| folder.starts_with(at)).max_by_key(|(_, at, _)| at.len());
    above.map_or_else(|| "an unknown file system".into(), |(device, _, kind)| format!("{kind}, {device}"))
}

fn field(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.split_whitespace().next()?.parse().ok())
}
