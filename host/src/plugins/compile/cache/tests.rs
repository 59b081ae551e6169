use std::os::unix::fs::symlink;

use wasmtime::{Config, Engine};

use super::*;

const PLUGIN: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];

fn engine() -> EngineId {
    EngineId::of(&Engine::default())
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().expect("a temporary folder")
}

fn cache(dir: &tempfile::TempDir) -> Cache {
    Cache::open(dir.path(), engine()).expect("a cache")
}

fn keep(cache: &Cache, plugin: &[u8; 32], code: &[u8]) -> PathBuf {
    let mut draft = cache.draft().expect("a draft");
    draft.write_all(code).expect("written");
    cache.keep(plugin, draft).expect("kept").0
}

#[test]
fn what_is_kept_is_found_by_the_next_process() {
    let dir = folder();
    let path = keep(&cache(&dir), &PLUGIN, b"code");
    assert_eq!(fs::read(&path).expect("there"), b"code");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o400);
    assert_eq!(cache(&dir).find(&PLUGIN), Some(Entry(path)));
    assert_eq!(cache(&dir).find(&OTHER), None);
    let debug = Engine::new(Config::new().wasm_simd(false).wasm_relaxed_simd(false)).expect("an engine");
    let other = Cache::open(dir.path(), EngineId::of(&debug)).expect("a cache");
    assert_eq!(other.find(&PLUGIN), None, "code is for one engine only");
}

#[test]
fn what_is_damaged_or_foreign_is_removed() {
    for (file, bytes) in [("", &b"code\x01"[..]), ("", b"co"), ("", b""), (KEY_FILE, &[1; KEY_BYTES])] {
        let dir = folder();
        let path = keep(&cache(&dir), &PLUGIN, b"code\x00");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        let damaged = if file.is_empty() { path.clone() } else { dir.path().join(file) };
        fs::write(damaged, bytes).expect("written");
        assert_eq!(cache(&dir).find(&PLUGIN), None);
        assert!(!path.exists());
        let again = keep(&cache(&dir), &PLUGIN, b"code\x00");
        assert_eq!(cache(&dir).find(&PLUGIN), Some(Entry(again)));
    }
}

#[test]
fn code_of_one_plugin_is_not_code_of_another() {
    let dir = folder();
    let path = keep(&cache(&dir), &PLUGIN, b"code");
    let name = path.file_name().expect("a name").to_string_lossy().replace(&hex(&PLUGIN), &hex(&OTHER));
    fs::copy(&path, path.with_file_name(name)).expect("copied");
    assert_eq!(cache(&dir).find(&OTHER), None);
    assert!(cache(&dir).find(&PLUGIN).is_some());
}

#[test]
fn only_a_folder_of_ours_alone_is_used() {
    let dir = folder();
    let below = dir.path().join("a/b");
    Cache::open(&below, engine()).expect("made");
    assert_eq!(fs::metadata(&below).expect("there").permissions().mode() & 0o777, 0o700);
    for mode in [0o750, 0o701, 0o770, 0o777] {
        fs::set_permissions(&below, fs::Permissions::from_mode(mode)).expect("ours");
        let error = Cache::open(&below, engine()).expect_err("open to others");
        assert!(matches!(error, CacheError::Open { mode: found } if found == mode), "{error}");
    }
    fs::set_permissions(&below, fs::Permissions::from_mode(0o700)).expect("ours");
    let linked = dir.path().join("linked");
    symlink(&below, &linked).expect("linked");
    assert!(Cache::open(&linked, engine()).is_ok(), "what counts is where it leads");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("written");
    assert!(Cache::open(&file, engine()).is_err());
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&below, Some(65_534), None).expect("root may");
        assert!(matches!(Cache::open(&below, engine()), Err(CacheError::NotOurs)));
    }
}

#[test]
fn a_key_that_is_none_is_made_anew() {
    let dir = folder();
    keep(&cache(&dir), &PLUGIN, b"code");
    fs::write(dir.path().join(KEY_FILE), "short").expect("written");
    let cache = cache(&dir);
    assert_eq!(cache.find(&PLUGIN), None);
    let key = fs::read(dir.path().join(KEY_FILE)).expect("there");
    assert_eq!((key.len(), &key[..]), (KEY_BYTES, &cache.key[..]));
}

#[test]
fn only_plugins_that_are_there_are_kept() {
    let dir = folder();
    let cache = cache(&dir);
    keep(&cache, &PLUGIN, b"code");
    keep(&cache, &OTHER, b"code");
    std::mem::forget(cache.draft().expect("as an ended process leaves it"));
    assert_eq!(cache.names().len(), 4, "{:?}", cache.names());
    cache.keep_only(&BTreeSet::from([OTHER]));
    assert!(cache.find(&PLUGIN).is_none() && cache.find(&OTHER).is_some());
    assert_eq!(cache.names().len(), 2, "{:?}", cache.names());
}

#[test]
fn what_was_written_first_makes_room() {
    let dir = folder();
    let cache = cache(&dir);
    let paths = [[1; 32], [2; 32], [3; 32]].map(|plugin| keep(&cache, &plugin, &[0; 100]));
    for (path, hours) in paths.iter().zip([3, 1, 2]) {
        let file = File::open(path).expect("there");
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(hours)).expect("ours");
    }
    cache.shrink(200);
    assert_eq!(paths.each_ref().map(|path| path.exists()), [false, true, true]);
    cache.shrink(0);
    assert_eq!(paths.each_ref().map(|path| path.exists()), [false, true, false], "the newest stays");
}
