//! From a plugin's source to a component, with the language's own tools: what is missing is explained, never installed.
//!
//! A [`Project`] is a folder of source in a [`Language`]. The language's [`Recipe`] runs its tools through the [`Workshop`] and
//! returns the component's bytes; [`artifact`] puts them where the host looks. To add a language: one file beside `rust.rs`, and
//! one line in [`RECIPES`].

pub mod artifact;
mod c;
pub mod component;
mod error;
mod go;
pub mod keep;
mod project;
mod python;
mod rust;
mod sources;
mod stamp;
pub mod template;
pub mod tool;
mod typescript;
mod workshop;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

pub use error::{BuildError, Missing};
pub use project::{Language, Project};
use stamp::Stamp;
pub use workshop::{Silence, Talk, Workshop};

/// How one language becomes a component.
#[async_trait]
pub trait Recipe: Send + Sync {
    /// Builds the project and returns the component's bytes. Intermediate files are in [`Workshop::scratch`] only; what the tools
    /// say goes through [`Workshop::run`].
    ///
    /// # Errors
    /// What is missing, what the tools said, or what is wrong with the project.
    async fn build(&self, project: &Project, workshop: &Workshop) -> Result<Vec<u8>, BuildError>;
}

/// The languages that can be built.
static RECIPES: &[(Language, &dyn Recipe)] = &[
    (Language::Rust, &rust::Rust),
    (Language::TypeScript, &typescript::TypeScript),
    (Language::JavaScript, &typescript::TypeScript),
    (Language::Python, &python::Python),
    (Language::C, &c::C),
    (Language::Go, &go::Go),
];

/// A component, and how long it took.
#[derive(Clone, Debug)]
pub struct Built {
    pub component: Vec<u8>,
    pub time: Duration,
    stamp: Option<Stamp>,
}

impl Built {
    /// Puts the component in place, and remembers what it was built of. Returns whether it is another than was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, project: &Project, file: &Path) -> Result<bool, BuildError> {
        let failed = |error| BuildError::File { path: file.to_owned(), error };
        let changed = artifact::write(file, &self.component).map_err(failed)?;
        if let Some(stamp) = &self.stamp {
            stamp.put(project, &self.component);
        }
        Ok(changed)
    }
}

/// Builds one project. Several may be built at once; the workshop bounds how many tools run.
///
/// # Errors
/// See [`BuildError`]; its text is for the project's author.
pub async fn build(project: &Project, workshop: &Workshop) -> Result<Built, BuildError> {
    let started = Instant::now();
    let recipe = RECIPES.iter().find(|(language, _)| *language == project.language);
    let (_, recipe) = recipe.ok_or(BuildError::NoRecipe(project.language))?;
    // Of the sources as they were before: what is saved meanwhile may not be in the component.
    let stamp = Stamp::of(project, &sources::digest(&project.dir));
    let component = recipe.build(project, workshop).await?;
    Ok(Built { component, time: started.elapsed(), stamp })
}
