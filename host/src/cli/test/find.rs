//! Which transcripts are meant, and which plugin is theirs.

use std::path::{Path, PathBuf};

use crate::transcript::transcripts_in;

/// A transcript's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Transcript {
    pub(in crate::cli) file: PathBuf,
    /// As people know it.
    pub(in crate::cli) name: String,
}

impl Transcript {
    fn new(file: PathBuf) -> Self {
        Self { name: file.display().to_string(), file }
    }
}

/// The transcripts of files and folders, each folder's sorted by name; or what is wrong with a path and how to write it.
pub(in crate::cli) fn transcripts(paths: &[PathBuf]) -> Result<Vec<Transcript>, String> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_file() {
            found.push(Transcript::new(path.clone()));
            continue;
        }
        let files = transcripts_in(path).map_err(|error| {
            format!("{}: {error}\n       name a transcript (*.chat) or a folder of them", path.display())
        })?;
        if files.is_empty() {
            return Err(no_transcript(path));
        }
        found.extend(files.into_iter().map(Transcript::new));
    }
    Ok(found)
}

fn no_transcript(folder: &Path) -> String {
    let tests = folder.join("tests");
    let fix = if tests.is_dir() {
        format!("did you mean {}?", tests.display())
    } else {
        "name one, or a folder of them".into()
    };
    format!("{} holds no transcript (*.chat): {fix}", folder.display())
}

/// The component built from the project that the transcript's folder is in; or where it was looked for.
pub(in crate::cli) fn component(transcript: &Transcript) -> Result<PathBuf, String> {
    let folder = match transcript.file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let project = project(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let places = project.as_deref().map(places).unwrap_or_default();
    if let Some(file) = places.iter().find(|place| place.is_file()) {
        return Ok(file.clone());
    }
    let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    let looked = if looked.is_empty() { "nowhere".to_owned() } else { looked.join(" and ") };
    Err(format!(
        "there is no built plugin for {}; looked for {looked}\n       build it, or name one: --plugin FILE.wasm",
        transcript.name
    ))
}

/// The folder around the folder, as it is really called. The last link is not followed: the tests of one plugin may be a link to
/// those of another.
fn project(folder: &Path) -> std::io::Result<Option<PathBuf>> {
    let absolute = std::path::absolute(folder)?;
    match (absolute.file_name(), absolute.parent()) {
        (Some(_), Some(parent)) => parent.canonicalize().map(Some),
        // `..` has no name of its own.
        _ => Ok(absolute.canonicalize()?.parent().map(Path::to_owned)),
    }
}

/// Where the component of a project may be: beside it in a folder `plugins`, else in it.
fn places(project: &Path) -> Vec<PathBuf> {
    let (Some(name), Some(parent)) = (project.file_name(), project.parent()) else { return Vec::new() };
    let file = format!("{}.wasm", name.to_string_lossy());
    let mut places = vec![project.join(&file)];
    if parent.file_name().is_some_and(|parent| parent == "plugins") {
        places.insert(0, parent.join(&file));
    }
    places
}

#[cfg(test)]
mod tests;
