use std::io;

use super::*;
use crate::config::Plugin;

const A: Digest = [1; 32];
const B: Digest = [2; 32];

fn known() -> Known {
    Known::default()
}

fn serving() -> Known {
    Known { serving: Some(A), ..known() }
}

/// The step's name and the problem it reports.
fn told(known: Known, found: Found) -> String {
    match step(known, found) {
        Step::Report(problem) => format!("report: {problem}"),
        step => format!("{step:?}").to_lowercase(),
    }
}

#[test]
fn a_new_file_is_loaded_and_what_serves_is_kept() {
    assert_eq!(told(known(), Found::Content(A)), "load");
    assert_eq!(told(serving(), Found::Content(A)), "keep");
    assert_eq!(told(serving(), Found::Content(B)), "load");
}

#[test]
fn a_candidate_whose_file_is_taken_away_is_gone_and_the_bots_own_is_kept() {
    let extra = Known { is_extra: true, ..serving() };
    assert_eq!(told(extra, Found::Missing), "forget");
    assert!(told(serving(), Found::Missing).starts_with("report: "));
}

#[test]
fn what_was_refused_is_tried_again_only_when_it_changes() {
    let refused = Known { refused: Some(B), ..serving() };
    assert_eq!(told(refused, Found::Content(B)), "nothing");
    assert_eq!(told(refused, Found::Content([3; 32])), "load");
    assert_eq!(told(refused, Found::Content(A)), "keep");
}

#[test]
fn a_pin_refuses_everything_else_before_it_is_compiled() {
    let pinned = Known { pinned: Some(A), ..known() };
    assert_eq!(told(pinned, Found::Content(A)), "load");
    let report = told(pinned, Found::Content(B));
    assert!(report.contains(&"01".repeat(32)) && report.contains(&"02".repeat(32)), "{report}");
    assert_eq!(told(Known { refused: Some(B), ..pinned }, Found::Content(B)), "nothing");
    assert_eq!(told(Known { serving: Some(A), ..pinned }, Found::Content(A)), "keep");
}

#[test]
fn a_file_that_went_is_missed_where_somebody_needs_it() {
    assert!(told(serving(), Found::Missing).contains("serves until the host stops"));
    let configured = Known { configured: true, ..known() };
    assert!(told(configured, Found::Missing).contains("there is no such file"));
    assert!(told(Known { serving: Some(A), ..configured }, Found::Missing).contains("serves until"));
    assert_eq!(told(known(), Found::Missing), "forget");
    assert_eq!(told(Known { refused: Some(B), ..known() }, Found::Missing), "forget");
}

#[test]
fn a_file_that_cannot_be_read_leaves_what_serves() {
    let denied = || Found::Faulty(Problem::Unreadable(io::ErrorKind::PermissionDenied.into()));
    for known in [known(), serving()] {
        assert!(told(known, denied()).starts_with("report: it cannot be read"));
        assert!(told(known, Found::Faulty(Problem::Unsettled)).contains("still being written"));
    }
}

fn config(named: &[(&str, &str)]) -> config::Plugins {
    let plugin = |file: &str| Plugin {
        limits: PluginLimits { log_bytes_max: 1, ..PluginLimits::default() },
        ..Plugin::at(file.into())
    };
    let named = named.iter().map(|(name, file)| ((*name).to_owned(), plugin(file))).collect();
    config::Plugins { dir: "p".into(), cache: None, named }
}

fn names(wanted: &[Wanted]) -> Vec<String> {
    wanted.iter().map(|wanted| format!("{} {}", wanted.name, wanted.file.display())).collect()
}

#[test]
fn bots_are_the_named_the_found_and_the_known() {
    let config = config(&[("menu", "p/menu.wasm"), ("orders", "elsewhere/o.wasm")]);
    let files = ["p/echo.wasm", "p/menu.wasm"].map(PathBuf::from).to_vec();
    let known = [("echo", "p/echo.wasm"), ("gone", "p/gone.wasm")];
    let known: BTreeMap<_, _> = known.map(|(name, file)| (name.to_owned(), PathBuf::from(file))).into();
    let (wanted, misnamed) = wanted(&config, &files, &known);
    assert_eq!(names(&wanted), ["menu p/menu.wasm", "orders elsewhere/o.wasm", "echo p/echo.wasm", "gone p/gone.wasm"]);
    assert_eq!(
        wanted.iter().map(|wanted| wanted.limits.log_bytes_max == 1).collect::<Vec<_>>(),
        [true, true, false, false]
    );
    assert!(misnamed.is_empty());
}

#[test]
fn a_file_is_one_bots_only() {
    // The file that a table names is that bot's, and the file a bot's name stands for is not if its table names another.
    let config = config(&[("parrot", "p/echo.wasm"), ("menu", "elsewhere/menu.wasm")]);
    let files = ["p/echo.wasm", "p/menu.wasm"].map(PathBuf::from).to_vec();
    let (wanted, _) = wanted(&config, &files, &BTreeMap::new());
    assert_eq!(names(&wanted), ["menu elsewhere/menu.wasm", "parrot p/echo.wasm"]);
}

#[test]
fn a_name_that_no_bot_can_have_comes_apart() {
    let files = ["p/menu (copy).wasm", "p/menü.wasm", "p/v1.2.wasm", "p/ok_2-b.wasm"].map(PathBuf::from).to_vec();
    let (wanted, misnamed) = wanted(&config(&[]), &files, &BTreeMap::new());
    assert_eq!(names(&wanted), ["ok_2-b p/ok_2-b.wasm"]);
    assert_eq!(misnamed.into_keys().collect::<Vec<_>>(), ["menu (copy)", "menü", "v1.2"]);
}
