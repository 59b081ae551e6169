//! One number that says something by itself, beside what is aimed at.

use std::fmt;

use serde_json::{Value, json};

use super::stats::median;

#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) what: &'static str,
    value: f64,
    unit: &'static str,
    at_most: Option<f64>,
}

impl Figure {
    /// `at_most`: the aim, in the same unit; none where it is only there to be compared with.
    #[must_use]
    pub(super) fn new(what: &'static str, value: f64, unit: &'static str, at_most: Option<f64>) -> Self {
        Self { what, value, unit, at_most }
    }

    /// Over rounds, each with the same figures.
    #[must_use]
    pub(super) fn medians(rounds: &[Vec<Self>]) -> Vec<Self> {
        let Some(first) = rounds.first() else { return Vec::new() };
        let of =
            |what: &str| median(rounds.iter().flatten().filter(|other| other.what == what).map(|other| other.value));
        first.iter().map(|figure| Self { value: of(figure.what).unwrap_or(figure.value), ..figure.clone() }).collect()
    }

    pub(super) fn json(&self) -> Value {
        json!({ "what": self.what, "value": self.value, "unit": self.unit, "at_most": self.at_most })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, unit, at_most } = self;
        write!(f, "{what}: {value:.2} {unit}")?;
        at_most.map_or(Ok(()), |aim| write!(f, " (aim: at most {aim} {unit})"))
    }
}
