//! The index itself: the only file that opens and writes tantivy's folder. Everything here blocks.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::query::{BooleanQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    DocAddress, DocSet, IndexReader, IndexWriter, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, TantivyError,
    Term,
};

use super::schema::{self, Fields, Key, LAST, ORDER, Tag, VERSION};
use super::words;
use crate::clock::Timestamp;
use crate::conversation::ConversationId;
use crate::limits::SEARCH_WRITER_BYTES;

/// A part of the index in which more than this share is outdated is written anew.
const OUTDATED_SHARE_MAX: f32 = 0.3;

/// Why the index cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// Its files are not what they should be: it has to be made anew.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// It may be fine; something around it is not, and may pass.
    #[error("{0}")]
    Refused(String),
}

impl From<TantivyError> for Failure {
    fn from(error: TantivyError) -> Self {
        let why = error.to_string();
        let may_pass = match &error {
            TantivyError::LockFailure(LockError::LockBusy, _) => {
                return Self::Refused("another process has it open".into());
            }
            TantivyError::LockFailure(..) | TantivyError::OpenDirectoryError(_) | TantivyError::SystemError(_) => true,
            TantivyError::IoError(error) => may_pass(error),
            TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
            | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. }) => may_pass(io_error),
            // A thread that writes has failed, which says nothing about what was written before.
            TantivyError::ErrorInThread(_) | TantivyError::Poisoned => true,
            _ => false,
        };
        if may_pass { Self::Refused(why) } else { Self::Damaged(why) }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if may_pass(&error) { Self::Refused(error.to_string()) } else { Self::Damaged(error.to_string()) }
    }
}

/// Whether it is about the disk and its rights rather than about what is written there.
fn may_pass(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound)
}

/// How far the index is complete; kept with each commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Up to this time everything is there; none while it is being built.
    pub complete_to: Option<Timestamp>,
}

/// What is known of a conversation in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub version: u64,
    pub order: u64,
    /// The number of the newest turn.
    pub last: u32,
}

/// What was committed last, for reading; cheap to clone.
#[derive(Clone)]
pub(super) struct View {
    reader: IndexReader,
    pub(super) fields: Fields,
}

/// The one who writes.
pub(super) struct Writer {
    writer: IndexWriter,
    view: View,
    /// Goes with every commit.
    pub(super) mark: Mark,
}

/// Opens the folder, or makes it. Files are read through once, so that damage is found here and not in the middle of a search.
pub(super) fn open(folder: &Path) -> Result<Writer, Failure> {
    make_folder(folder)?;
    let directory = MmapDirectory::open(folder).map_err(|error| match error {
        OpenDirectoryError::IoError { io_error, .. } => Failure::Refused(io_error.to_string()),
        other => Failure::Refused(format!("{other:?}")),
    })?;
    let (schema, fields) = schema::schema();
    let mut index = tantivy::Index::open_or_create(directory, schema)?;
    let damaged = index.validate_checksum()?;
    if !damaged.is_empty() {
        return Err(Failure::Damaged(format!("{damaged:?} are not as they were written")));
    }
    let tokenizers = TokenizerManager::default();
    tokenizers.register(words::ANALYZER, words::analyzer());
    index.set_tokenizers(tokenizers);
    let options = IndexWriterOptions::builder()
        .memory_budget_per_thread(SEARCH_WRITER_BYTES)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    let mut merges = LogMergePolicy::default();
    merges.set_del_docs_ratio_before_merge(OUTDATED_SHARE_MAX);
    writer.set_merge_policy(Box::new(merges));
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let payload = index.load_metas()?.payload;
    let mark = payload.and_then(|payload| serde_json::from_str(&payload).ok()).unwrap_or_default();
    Ok(Writer { writer, view: View { reader, fields }, mark })
}

/// Only for us: it has the words of everybody's messages.
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Writer {
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// Removes everything of a conversation.
    pub(super) fn forget(&self, id: ConversationId) {
        self.writer.delete_term(schema::all_of(&self.view.fields, id));
    }

    /// Puts a document in the place of the one with the same key.
    pub(super) fn put(&self, key: Key, document: TantivyDocument) -> Result<(), Failure> {
        self.writer.delete_term(self.view.term(key));
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Removes the turns before this time.
    pub(super) fn forget_turns_before(&self, at: Timestamp) -> Result<(), Failure> {
        let end = Term::from_field_u64(self.view.fields.order, schema::first_order_of(at));
        let older = RangeQuery::new(std::ops::Bound::Unbounded, std::ops::Bound::Excluded(end));
        let turns = self.view.tagged(Tag::IsTurn, "");
        let query = BooleanQuery::new(vec![(Occur::Must, turns), (Occur::Must, Box::new(older))]);
        self.writer.delete_query(Box::new(query))?;
        Ok(())
    }

    /// Makes everything so far durable, and visible to those who search from now on.
    pub(super) fn commit(&mut self) -> Result<(), Failure> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(&self.mark).expect("a number is JSON"));
        commit.commit()?;
        self.view.reader.reload()?;
        Ok(())
    }
}

impl View {
    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    fn term(&self, key: Key) -> Term {
        Term::from_field_bytes(self.fields.key, &key.bytes())
    }

    /// Those with this tag.
    pub(super) fn tagged(&self, tag: Tag, value: &str) -> Box<dyn Query> {
        let term = Term::from_field_text(self.fields.tag, &tag.text(value));
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    /// What a document is of.
    pub(super) fn key(&self, searcher: &Searcher, doc: DocAddress) -> Result<Key, Failure> {
        let document: TantivyDocument = searcher.doc(doc)?;
        let key = document.get_first(self.fields.key).and_then(|value| Key::of(value.as_bytes()?));
        key.ok_or_else(|| Failure::Damaged("a document has no key".into()))
    }

    /// What is known of these conversations.
    pub(super) fn known(&self, ids: &[ConversationId]) -> Result<HashMap<ConversationId, Known>, Failure> {
        let mut known = HashMap::with_capacity(ids.len());
        for reader in self.searcher().segment_readers() {
            let keys = reader.inverted_index(self.fields.key)?;
            let columns = reader.fast_fields();
            let (version, order) = (columns.u64(VERSION)?, columns.u64(ORDER)?);
            let last = columns.u64(LAST)?;
            for &id in ids {
                let term = self.term(Key::Conversation(id));
                let Some(mut postings) = keys.read_postings(&term, IndexRecordOption::Basic)? else { continue };
                while postings.doc() != TERMINATED {
                    let doc = postings.doc();
                    if !reader.is_deleted(doc) {
                        let of = |column: &tantivy::columnar::Column<u64>| column.first(doc).unwrap_or_default();
                        let last = u32::try_from(of(&last)).unwrap_or_default();
                        known.insert(id, Known { version: of(&version), order: of(&order), last });
                    }
                    postings.advance();
                }
            }
        }
        Ok(known)
    }

    /// The conversations of which there is something, behind `after` and not behind `to`.
    pub(super) fn conversations(
        &self,
        after: Option<ConversationId>,
        to: Option<ConversationId>,
    ) -> Result<BTreeSet<ConversationId>, Failure> {
        let mut found = BTreeSet::new();
        for reader in self.searcher().segment_readers() {
            let index = reader.inverted_index(self.fields.conversation)?;
            let mut range = index.terms().range();
            if let Some(after) = after {
                range = range.gt(after.0);
            }
            if let Some(to) = to {
                range = range.le(to.0);
            }
            let mut terms = range.into_stream()?;
            while terms.advance() {
                found.extend(terms.key().try_into().ok().map(ConversationId));
            }
        }
        Ok(found)
    }

    /// Values that conversations have of a tag, at most `max`; some may be of conversations that have another by now.
    pub(super) fn values(&self, tag: Tag, max: usize) -> Result<Vec<String>, Failure> {
        let mut found = BTreeSet::new();
        let prefix = tag.text("");
        for reader in self.searcher().segment_readers() {
            let index = reader.inverted_index(self.fields.tag)?;
            let mut terms = index.terms().range().ge(prefix.as_bytes()).into_stream()?;
            while found.len() < max && terms.advance() {
                let Some(value) = terms.key().strip_prefix(prefix.as_bytes()) else { break };
                found.extend(std::str::from_utf8(value).ok().map(str::to_owned));
            }
        }
        Ok(found.into_iter().take(max).collect())
    }
}

/// Removes an index that cannot be used, with what it knew.
pub(super) fn discard(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
