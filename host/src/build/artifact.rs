//! Where a component is put: whole or not at all, since a running host may be looking.

use std::io;
use std::path::{Path, PathBuf};

/// Writes the component. Whoever reads or watches the file sees the old one or the new one, never half of one; one with the same
/// bytes is left alone, so that nobody is woken for nothing. Returns whether it was written.
///
/// # Errors
/// When the folder cannot be made or written to.
pub fn write(file: &Path, component: &[u8]) -> io::Result<bool> {
    if std::fs::read(file).is_ok_and(|there| there == component) {
        return Ok(false);
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = beside(file);
    let written = std::fs::write(&part, component).and_then(|()| std::fs::rename(&part, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written.map(|()| true)
}

/// In the same folder, so that it can be renamed; hidden and not a `.wasm`, so that nobody takes it for a plugin.
fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_written_once_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("new/menu.wasm");
        assert!(write(&file, b"one").expect("it can be written"));
        assert!(!write(&file, b"one").expect("it is there"), "the same bytes are not written again");
        assert!(write(&file, b"two").expect("it can be replaced"));
        assert_eq!(std::fs::read(&file).expect("it is there"), b"two");
        let there = std::fs::read_dir(folder.path().join("new")).expect("a folder").count();
        assert_eq!(there, 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("menu.wasm")).expect("a folder in the way");
        assert!(write(&folder.path().join("menu.wasm"), b"one").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
