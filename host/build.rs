//! Embeds `plugin-sdk/`: the SDKs and templates that `turnwise plugin new` writes.
//!
//! The compiler watches the contents of what is embedded by itself; this watches for files that come and go.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// Made by tools, and never part of a project.
const MADE: [&str; 5] = ["target", "node_modules", "__pycache__", "dist", "Cargo.lock"];

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin-sdk");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if collect(&root, "", &mut files)? {
        println!("cargo::rerun-if-changed={}", root.display());
    }
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        // Writing to a String cannot fail.
        let _ = writeln!(code, "    ({file:?}, include_bytes!({:?})),", root.join(&file));
    }
    code.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("plugin_sdk.rs"), code)
}

/// The files below a folder, from the root; whether nothing in it is made by tools. Cargo looks at everything below what it is told
/// to watch, so a folder with build output in it is watched by its parts.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<bool> {
    let (mut clean, mut clean_below) = (true, Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if MADE.contains(&name.as_str()) || name.starts_with('.') || name.ends_with(".wasm") || name.ends_with(".pyc") {
            // A lock file is as good as any other to watch; a folder of output is not.
            clean &= entry.path().is_file();
            continue;
        }
        // Of what a link points to: every SDK links the contract.
        if entry.path().is_dir() {
            if collect(&entry.path(), &format!("{prefix}{name}/"), files)? {
                clean_below.push(entry.path());
            } else {
                clean = false;
            }
        } else {
            files.push(format!("{prefix}{name}"));
        }
    }
    if !clean {
        clean_below.iter().for_each(|folder| println!("cargo::rerun-if-changed={}", folder.display()));
    }
    Ok(clean)
}
