//! Of all documents that match, the newest; and how many match.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::schema::{ORDER, OWNER};

/// The newest `max` whose order is below `before`.
pub(super) struct Newest {
    pub before: u64,
    pub max: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Newest first, each with its order.
    pub newest: Vec<(u64, DocAddress)>,
    /// All that match, whatever their order.
    pub total: u64,
}

pub(super) struct NewestOfPart {
    before: u64,
    max: usize,
    part: SegmentOrdinal,
    order: Arc<dyn ColumnValues<u64>>,
    /// The oldest of the newest is on top.
    newest: BinaryHeap<Reverse<(u64, DocId)>>,
    total: u64,
}

impl Collector for Newest {
    type Fruit = Found;
    type Child = NewestOfPart;

    fn for_segment(&self, part: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<NewestOfPart> {
        let order = reader.fast_fields().column_first_or_default(ORDER)?;
        let newest = BinaryHeap::with_capacity(self.max + 1);
        Ok(NewestOfPart { before: self.before, max: self.max, part, order, newest, total: 0 })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, parts: Vec<Found>) -> tantivy::Result<Found> {
        let mut all = Found::default();
        for part in parts {
            all.newest.extend(part.newest);
            all.total += part.total;
        }
        all.newest.sort_unstable_by_key(|(order, _)| Reverse(*order));
        all.newest.truncate(self.max);
        Ok(all)
    }
}

impl SegmentCollector for NewestOfPart {
    type Fruit = Found;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.total += 1;
        let order = self.order.get_val(doc);
        let is_full = self.newest.len() >= self.max;
        if order >= self.before || (is_full && self.newest.peek().is_some_and(|Reverse((least, _))| order <= *least)) {
            return;
        }
        self.newest.push(Reverse((order, doc)));
        if is_full {
            self.newest.pop();
        }
    }

    fn harvest(self) -> Found {
        let part = self.part;
        let newest = self.newest.into_iter().map(|Reverse((order, doc))| (order, DocAddress::new(part, doc)));
        Found { newest: newest.collect(), total: self.total }
    }
}

/// How many of the conversations that match each owner has; by the owner's number.
pub(super) struct Tally;

/// Counts by the owner's number.
pub(super) type Counts = [u64; super::schema::OWNERS];

pub(super) struct TallyOfPart {
    owner: Arc<dyn ColumnValues<u64>>,
    counts: Counts,
}

impl Collector for Tally {
    type Fruit = Counts;
    type Child = TallyOfPart;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<TallyOfPart> {
        Ok(TallyOfPart { owner: reader.fast_fields().column_first_or_default(OWNER)?, counts: Counts::default() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, parts: Vec<Counts>) -> tantivy::Result<Counts> {
        let mut all = Counts::default();
        for part in parts {
            all.iter_mut().zip(part).for_each(|(sum, count)| *sum += count);
        }
        Ok(all)
    }
}

impl SegmentCollector for TallyOfPart {
    type Fruit = Counts;

    fn collect(&mut self, doc: DocId, _: Score) {
        let owner = usize::try_from(self.owner.get_val(doc)).unwrap_or_default();
        if let Some(count) = self.counts.get_mut(owner) {
            *count += 1;
        }
    }

    fn harvest(self) -> Counts {
        self.counts
    }
}
