//! From what is wanted to tantivy's queries, built by hand: nobody's text is ever parsed as one.

use tantivy::Term;
use tantivy::query::{BooleanQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::index::View;
use super::schema::{self, Tag};
use super::wanted::{Part, Wanted};
use super::{ConversationFilter, MessageFilter};
use crate::limits::SEARCH_PHRASE_ENDS_MAX;

/// Turns in which it was said.
pub(super) fn messages(view: &View, wanted: &Wanted, filter: &MessageFilter) -> Box<dyn Query> {
    let mut all: Vec<Box<dyn Query>> = wanted.parts.iter().map(|part| words(view.fields.text, part)).collect();
    if let Some(id) = filter.conversation {
        all.push(term(schema::all_of(&view.fields, id)));
    }
    all.extend(filter.bot.as_ref().map(|bot| view.tagged(Tag::Bot, bot)));
    all.extend(filter.source.as_ref().map(|source| view.tagged(Tag::Source, source)));
    every(all)
}

/// Conversations that pass; `owner` apart, so that the others can be counted.
pub(super) fn conversations(view: &View, filter: &ConversationFilter, with_owner: bool) -> Box<dyn Query> {
    let mut all = vec![view.tagged(Tag::IsConversation, "")];
    let tags = [
        (Tag::Bot, &filter.bot),
        (Tag::Version, &filter.version),
        (Tag::Step, &filter.step),
        (Tag::Source, &filter.source),
    ];
    for (tag, value) in tags {
        all.extend(value.as_ref().map(|value| view.tagged(tag, value)));
    }
    if let (Some(owner), true) = (filter.owner, with_owner) {
        all.push(view.tagged(Tag::Owner, owner.name()));
    }
    if filter.stuck {
        all.push(view.tagged(Tag::Stuck, ""));
    }
    if filter.waiting {
        all.push(view.tagged(Tag::Waiting, ""));
    }
    if let Some(who) = &filter.who {
        all.push(person(view, who));
    }
    every(all)
}

/// Whom a conversation is with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    names: Wanted,
    /// Digits of a number, where it may be one.
    digits: Option<String>,
}

/// Fewer digits are in too many numbers to say anything, and rather part of an id.
const PHONE_DIGITS_MIN: usize = 4;

impl Who {
    /// Reads what was typed: names, ids, or a number as people write them.
    pub fn read(typed: &str) -> Result<Self, super::BadQuery> {
        let is_number = typed.chars().all(|c| c.is_ascii_digit() || " +-()./\u{a0}".contains(c));
        let digits = Some(schema::digits(typed)).filter(|digits| is_number && digits.len() >= PHONE_DIGITS_MIN);
        Ok(Self { names: Wanted::read(typed)?, digits })
    }
}

fn person(view: &View, who: &Who) -> Box<dyn Query> {
    let names = every(who.names.parts.iter().map(|part| words(view.fields.who, part)).collect());
    let numbers = who.digits.as_ref().map(|digits| {
        let begins = |text: &str| prefix(Term::from_field_text(view.fields.phone, text));
        any(vec![begins(digits), begins(&schema::from_its_end(digits))])
    });
    any(std::iter::once(names).chain(numbers).collect())
}

fn words(field: Field, part: &Part) -> Box<dyn Query> {
    let mut terms: Vec<Term> = part.words.iter().map(|word| Term::from_field_text(field, word)).collect();
    match (terms.len(), part.open) {
        (1, true) => prefix(terms.remove(0)),
        (1, false) => term(terms.remove(0)),
        (_, true) => {
            let mut phrase = PhrasePrefixQuery::new(terms);
            phrase.set_max_expansions(SEARCH_PHRASE_ENDS_MAX);
            Box::new(phrase)
        }
        (_, false) => Box::new(PhraseQuery::new(terms)),
    }
}

fn prefix(term: Term) -> Box<dyn Query> {
    Box::new(FuzzyTermQuery::new_prefix(term, 0, false))
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn every(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Must, query)).collect()))
}

fn any(queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(queries.into_iter().map(|query| (Occur::Should, query)).collect()))
}
