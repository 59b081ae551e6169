//! Counts as figures and bars.

use std::collections::BTreeMap;

use crate::conversation::count::{LONGER, Measure, quantile};
use crate::storage::Counted;

/// Bars of one chart.
const BARS_MAX: usize = 10;
/// The day chart's measures, in its own units.
const CHART_HEIGHT: f64 = 100.0;

/// A figure with what it is.
pub(super) struct Figure {
    pub value: String,
    pub title: &'static str,
    pub says: &'static str,
}

/// A bar of a chart.
pub(super) struct Bar {
    pub label: String,
    pub count: u64,
    /// Of 100.
    pub width: u64,
}

/// A day's sessions.
pub(super) struct Day {
    pub date: String,
    pub sessions: u64,
    pub handoffs: u64,
    /// Where its bars are in the chart.
    pub x: String,
    pub width: String,
    pub y: String,
    pub height: String,
    pub handoffs_y: String,
    pub handoffs_height: String,
}

/// All of a period, by measure and label.
pub(super) struct Figures(BTreeMap<(Measure, String), u64>);

impl Figures {
    pub(super) fn of(counted: &[&Counted]) -> Self {
        let mut all = BTreeMap::new();
        for Counted { count, times, .. } in counted {
            *all.entry((count.measure, count.label.clone())).or_default() += times;
        }
        Self(all)
    }

    fn total(&self, measure: Measure) -> u64 {
        self.of_measure(measure).map(|(_, times)| times).sum()
    }

    fn of_measure(&self, measure: Measure) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(move |((of, _), _)| *of == measure).map(|((_, label), times)| (label.as_str(), *times))
    }

    pub(super) fn all(&self) -> Vec<Figure> {
        let (sessions, ended) = (self.total(Measure::Sessions), self.total(Measure::Ended));
        let (handoffs, failed) = (self.total(Measure::Handoffs), self.total(Measure::HandoffsFailed));
        let stopped =
            self.of_measure(Measure::Ended).filter(|(outcome, _)| *outcome == "stopped").map(|(_, n)| n).sum();
        let figure = |title, value: String, says| Figure { value, title, says };
        vec![
            figure("Sessions", sessions.to_string(), "that began: a user wrote after a pause, or another system did"),
            figure(
                "Containment",
                share(self.total(Measure::Contained), ended),
                "of the sessions that ended, those in which no person was asked for",
            ),
            figure("Handoff rate", share(handoffs, sessions), "handoffs and take-overs, for each session that began"),
            figure("Nobody came", share(failed, handoffs.max(failed)), "of the handoffs, those that no agent took"),
            figure(
                "Wait",
                self.spans(Measure::Wait, 0.5, 0.9),
                "from asking to the first agent: half wait no longer than, nine in ten no longer than",
            ),
            figure(
                "Resolution",
                self.spans(Measure::Resolution, 0.5, 0.9),
                "from the first agent to the end of the handoff: half, nine in ten",
            ),
            figure(
                "Answer",
                self.answer(),
                "from arrival to the bot's decision: half, 95 %, 99 % of the messages within",
            ),
            figure("Opt-outs", share(stopped, ended), "of the sessions that ended, those the user stopped"),
        ]
    }

    fn spans(&self, measure: Measure, middle: f64, slow: f64) -> String {
        let spans = self.ends(measure);
        match (quantile(&spans, middle), quantile(&spans, slow)) {
            (Some(middle), Some(slow)) => format!("{} · {}", seconds(middle), seconds(slow)),
            _ => "–".to_owned(),
        }
    }

    fn answer(&self) -> String {
        let spans = self.ends(Measure::Answer);
        let at = |share| quantile(&spans, share).map(millis);
        match (at(0.5), at(0.95), at(0.99)) {
            (Some(half), Some(most), Some(nearly)) => format!("{half} · {most} · {nearly}"),
            _ => "–".to_owned(),
        }
    }

    fn ends(&self, measure: Measure) -> Vec<(u64, u64)> {
        self.of_measure(measure).map(|(label, times)| (label.parse().unwrap_or(u64::MAX), times)).collect()
    }

    pub(super) fn outcomes(&self) -> Vec<Bar> {
        self.bars(Measure::Ended)
    }

    pub(super) fn left_at(&self) -> Vec<Bar> {
        self.bars(Measure::LeftAt)
    }

    pub(super) fn reasons(&self) -> Vec<Bar> {
        self.bars(Measure::Handoffs)
    }

    pub(super) fn failures(&self) -> Vec<Bar> {
        self.bars(Measure::HandoffsFailed)
    }

    pub(super) fn failed_turns(&self) -> Vec<Bar> {
        self.bars(Measure::Failed)
    }

    /// In the order of the spans.
    pub(super) fn answers(&self) -> Vec<Bar> {
        let mut ends = self.ends(Measure::Answer);
        ends.sort_unstable();
        let most = ends.iter().map(|(_, times)| *times).max().unwrap_or(1).max(1);
        let label = |end| if end == u64::MAX { LONGER.to_owned() } else { format!("up to {}", millis(end)) };
        let bar = |(end, count)| Bar { label: label(end), count, width: count * 100 / most };
        ends.into_iter().map(bar).collect()
    }

    /// The most frequent first; beyond the bound they are one bar.
    fn bars(&self, measure: Measure) -> Vec<Bar> {
        let mut labels: Vec<(&str, u64)> = self.of_measure(measure).collect();
        labels.sort_by_key(|(label, times)| (std::cmp::Reverse(*times), *label));
        let others: u64 = labels.iter().skip(BARS_MAX).map(|(_, times)| times).sum();
        labels.truncate(BARS_MAX);
        if others > 0 {
            labels.push(("all others", others));
        }
        let most = labels.iter().map(|(_, times)| *times).max().unwrap_or(1).max(1);
        labels
            .into_iter()
            .map(|(label, count)| Bar { label: label.to_owned(), count, width: count * 100 / most })
            .collect()
    }
}

/// Every day of the period, also those on which nothing was.
pub(super) fn by_day(counted: &[&Counted], first: u32, last: u32) -> Vec<Day> {
    let mut days: BTreeMap<u32, (u64, u64)> = (first..=last).map(|day| (day, (0, 0))).collect();
    for Counted { day, count, times } in counted {
        let Some((sessions, handoffs)) = days.get_mut(day) else { continue };
        match count.measure {
            Measure::Sessions => *sessions += times,
            Measure::Handoffs => *handoffs += times,
            _ => {}
        }
    }
    let most = days.values().map(|(sessions, handoffs)| (*sessions).max(*handoffs)).max().unwrap_or(1).max(1);
    let count = days.len().max(1);
    #[allow(clippy::cast_precision_loss, reason = "for a picture of some hundred pixels")]
    let day = |(place, (day, (sessions, handoffs))): (usize, (u32, (u64, u64)))| {
        let height = |n: u64| CHART_HEIGHT * n as f64 / most as f64;
        let slot = 100.0 / count as f64;
        Day {
            date: date(day),
            sessions,
            handoffs,
            x: format!("{:.2}", slot * place as f64 + slot * 0.1),
            width: format!("{:.2}", slot * 0.8),
            y: format!("{:.2}", CHART_HEIGHT - height(sessions)),
            height: format!("{:.2}", height(sessions)),
            handoffs_y: format!("{:.2}", CHART_HEIGHT - height(handoffs)),
            handoffs_height: format!("{:.2}", height(handoffs)),
        }
    };
    days.into_iter().enumerate().map(day).collect()
}

fn date(day: u32) -> String {
    let at = jiff::Timestamp::from_second(i64::from(day) * 24 * 60 * 60);
    at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn share(part: u64, all: u64) -> String {
    let percent = (part * 100 + all / 2).checked_div(all);
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}

fn millis(ms: u64) -> String {
    match ms {
        u64::MAX => LONGER.to_owned(),
        0..1_000 => format!("{ms} ms"),
        _ => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

fn seconds(seconds: u64) -> String {
    if seconds == u64::MAX {
        LONGER.to_owned()
    } else {
        super::super::words::span(&std::time::Duration::from_secs(seconds))
    }
}
