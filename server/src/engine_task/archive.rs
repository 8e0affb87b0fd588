//! Old messages out of the journal: what the hub reads for clients that were away for long.

use super::publish;
use crate::hub::{Archive, Publication};
use crate::journal::JournalPast;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::topic::Topic;

impl Archive for JournalPast {
    fn read(
        &self,
        account: AccountId,
        topic: Topic,
        after: Seq,
        until: Seq,
    ) -> Result<Vec<Publication>, String> {
        let entries = self
            .of_topic(account, topic, after, until)
            .map_err(|error| error.to_string())?;
        Ok(entries.iter().filter_map(publish::event).collect())
    }

    fn older_than(
        &self,
        account: AccountId,
        topic: Topic,
        head: Seq,
        moment: TimestampMs,
    ) -> Result<Seq, String> {
        JournalPast::older_than(self, account, topic, head, moment).map_err(|error| error.to_string())
    }
}
