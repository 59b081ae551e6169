//! A tool that a recipe needs: its names, how old it may be, and how to come by it.

use std::fmt;

/// A program that somebody else installs.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// What it may be called, the best first: `["clang-19", "clang"]`. The first one names it in messages.
    pub names: &'static [&'static str],
    /// The oldest that will do; `None` where any will.
    pub oldest: Option<Oldest>,
    /// What it is needed for, as the end of a sentence about it: "compiles Go".
    pub purpose: &'static str,
    /// The one command that installs it.
    pub install: &'static str,
}

/// How to ask a tool for its version, and the lowest that will do.
#[derive(Clone, Copy, Debug)]
pub struct Oldest {
    pub version: Version,
    /// What makes it print its version, e.g. `--version`. The first number with a dot in its output counts.
    pub arguments: &'static [&'static str],
}

/// As much of a version as decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// The first `MAJOR.MINOR` of a text, e.g. of "go version go1.26.6 linux/amd64".
    #[must_use]
    pub fn first_in(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
            let mut numbers = word.split('.');
            Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_found_in_what_tools_print() {
        for (printed, version) in [
            ("go version go1.26.6 linux/amd64", Some(Version(1, 26))),
            ("Debian clang version 19.1.4 (1~deb12u1)\nTarget: x86_64", Some(Version(19, 1))),
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some(Version(1, 95))),
            ("v20.20.2", Some(Version(20, 20))),
            ("7", None),
            ("1. Introduction 2.5", Some(Version(2, 5))),
        ] {
            assert_eq!(Version::first_in(printed), version, "{printed}");
        }
        assert!(Version(1, 9) < Version(1, 26) && Version(2, 0) > Version(1, 26));
    }
}
