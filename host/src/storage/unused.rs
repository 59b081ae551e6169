//! For fakes of storage in tests of rooms that know nothing of records and of upkeep.

/// Implements both for a fake, as parts that nobody may ask for.
macro_rules! without_records_and_upkeep {
    ($fake:ty) => {
        #[async_trait::async_trait]
        impl crate::storage::Records for $fake {
            async fn records(&self, _: &'static str) -> Result<Vec<(String, Vec<u8>)>, crate::storage::StorageError> {
                unreachable!("this room knows no records")
            }
            async fn record(&self, _: &'static str, _: &str) -> Result<Option<Vec<u8>>, crate::storage::StorageError> {
                unreachable!("this room knows no records")
            }
            async fn write_records(
                &self,
                _: Vec<crate::storage::RecordChange>,
            ) -> Result<bool, crate::storage::StorageError> {
                unreachable!("this room knows no records")
            }
            async fn audit(&self, _: Vec<crate::storage::AuditEntry>) -> Result<(), crate::storage::StorageError> {
                unreachable!("this room audits nothing")
            }
            async fn audited(
                &self,
                _: crate::storage::AuditSeq,
                _: usize,
            ) -> Result<Vec<(crate::storage::AuditSeq, crate::storage::AuditEntry)>, crate::storage::StorageError> {
                unreachable!("this room audits nothing")
            }
        }

        #[async_trait::async_trait]
        impl crate::storage::Upkeep for $fake {
            async fn depths(&self) -> Result<crate::storage::Depths, crate::storage::StorageError> {
                unreachable!("this room counts nothing")
            }
            async fn outbox_row(
                &self,
                _: crate::outbox::OutboxSeq,
            ) -> Result<Option<crate::storage::OutboxRow>, crate::storage::StorageError> {
                unreachable!("operators look elsewhere")
            }
            async fn fates(
                &self,
                _: crate::outbox::OutboxSeq,
                _: usize,
            ) -> Result<Vec<(crate::outbox::OutboxSeq, crate::storage::Fate)>, crate::storage::StorageError> {
                unreachable!("operators look elsewhere")
            }
            async fn redrive(
                &self,
                _: crate::clock::Timestamp,
                _: crate::outbox::OutboxSeq,
            ) -> Result<crate::storage::Redriven, crate::storage::StorageError> {
                unreachable!("operators act elsewhere")
            }
            async fn let_go(&self, _: crate::outbox::OutboxSeq) -> Result<bool, crate::storage::StorageError> {
                unreachable!("operators act elsewhere")
            }
            async fn quarantined_rows(
                &self,
                _: crate::storage::QuarantineId,
                _: usize,
            ) -> Result<Vec<(crate::storage::QuarantineId, crate::storage::Quarantined)>, crate::storage::StorageError>
            {
                unreachable!("operators look elsewhere")
            }
            async fn quarantined_row(
                &self,
                _: crate::storage::QuarantineId,
            ) -> Result<Option<crate::storage::Quarantined>, crate::storage::StorageError> {
                unreachable!("operators look elsewhere")
            }
            async fn release(
                &self,
                _: crate::clock::Timestamp,
                _: crate::storage::QuarantineId,
                _: crate::inbound::Inbound,
            ) -> Result<crate::storage::Released, crate::storage::StorageError> {
                unreachable!("operators act elsewhere")
            }
            async fn discard(&self, _: Vec<crate::storage::QuarantineId>) -> Result<u64, crate::storage::StorageError> {
                unreachable!("operators act elsewhere")
            }
            async fn outbox_of(
                &self,
                _: crate::conversation::ConversationId,
            ) -> Result<Vec<(crate::outbox::OutboxSeq, crate::storage::OutboxRow)>, crate::storage::StorageError> {
                unreachable!("operators look elsewhere")
            }
            async fn latest(
                &self,
                _: crate::clock::Timestamp,
                _: usize,
            ) -> Result<
                Vec<(crate::conversation::ConversationId, crate::conversation::Conversation)>,
                crate::storage::StorageError,
            > {
                unreachable!("operators look elsewhere")
            }
            async fn forget(
                &self,
                _: crate::clock::Timestamp,
                _: Vec<crate::conversation::ConversationId>,
            ) -> Result<crate::storage::Erased, crate::storage::StorageError> {
                unreachable!("operators act elsewhere")
            }
        }
    };
}
pub(crate) use without_records_and_upkeep;
