//! Records and the audit log, in redb.

use std::ops::Bound;

use async_trait::async_trait;
use redb::ReadableTable;

use super::apply::Batch;
use super::tables::{self, AUDIT, RECORDS};
use super::{ReadError, Redb};
use crate::storage::record;
use crate::storage::{AuditEntry, AuditSeq, RecordChange, Records, StorageError};

#[async_trait]
impl Records for Redb {
    async fn records(&self, kind: &'static str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(RECORDS)?;
            let (first, end) = (tables::record_key(kind, ""), format!("{kind}\x01"));
            let rows = table.range(first.as_str()..end.as_str())?.map(|row| {
                let (key, value) = row?;
                Ok((key.value()[first.len()..].to_owned(), value.value().to_vec()))
            });
            rows.collect()
        })
    }

    async fn record(&self, kind: &'static str, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(RECORDS)?;
            Ok(table.get(tables::record_key(kind, key).as_str())?.map(|value| value.value().to_vec()))
        })
    }

    async fn write_records(&self, changes: Vec<RecordChange>) -> Result<bool, StorageError> {
        self.apply(move |batch| batch.write_records(&changes)).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StorageError> {
        let rows: Vec<_> = entries.iter().map(record::encode).collect();
        self.apply(move |batch| batch.audit(&rows)).await
    }

    async fn audited(&self, before: AuditSeq, max: usize) -> Result<Vec<(AuditSeq, AuditEntry)>, StorageError> {
        self.read_rows(|transaction| {
            let table = transaction.open_table(AUDIT)?;
            let newest = table.range::<u64>((Bound::Unbounded, Bound::Excluded(before.0)))?.rev();
            let entries = newest.map(|row| {
                let (seq, bytes) = row?;
                let entry = record::decode(bytes.value()).map_err(|why| ReadError::unreadable("the audit log", why));
                Ok(tables::unless_damaged(entry)?.map(|entry| (AuditSeq(seq.value()), entry)))
            });
            entries.filter_map(Result::transpose).take(max).collect()
        })
    }
}

impl Batch<'_> {
    fn write_records(&mut self, changes: &[RecordChange]) -> Result<bool, ReadError> {
        let table = self.records.open(self.transaction)?;
        for RecordChange { kind, key, expected, .. } in changes {
            let found = table.get(tables::record_key(kind, key).as_str())?;
            if found.as_ref().map(|found| found.value()) != expected.as_deref() {
                return Ok(false);
            }
        }
        for RecordChange { kind, key, value, .. } in changes {
            let key = tables::record_key(kind, key);
            match value {
                Some(value) => drop(table.insert(key.as_str(), value.as_slice())?),
                None => drop(table.remove(key.as_str())?),
            }
        }
        Ok(true)
    }

    fn audit(&mut self, rows: &[Vec<u8>]) -> Result<(), ReadError> {
        for row in rows {
            let seq = self.next_seq();
            self.audit.open(self.transaction)?.insert(seq, row.as_slice())?;
        }
        Ok(())
    }
}
