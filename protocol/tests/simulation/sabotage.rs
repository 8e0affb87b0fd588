//! Ways of building the server wrongly, each a mistake that somebody made once. The simulation has to find every one of
//! them: a check that finds none proves nothing.

/// A mistake of the server around the session machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A journal that lost its end goes on under the same epoch.
    KeepsTheEpochOfALostHistory,
    /// Events are published before the journal has them for sure.
    PublishesBeforeItIsJournaled,
    /// What was committed but not published is forgotten by a restart, and its places are given anew.
    ForgetsWhatWasNotPublished,
    /// One account's log is read for another.
    MixesUpAccounts,
    /// A `client_order_id` that is known is carried out again.
    CarriesOutARetryAgain,
    /// A queue that is full drops what comes.
    DropsWhenFull,
    /// The writer takes more while the socket takes none.
    QueuesWithoutBound,
    /// Past the retention, what is left is sent as if nothing were missing.
    SkipsWhatIsNotKept,
    /// A snapshot is as of an earlier place than it says.
    ReadsTheSnapshotTooEarly,
    /// A value that is older than the last one is published after it.
    PublishesAnOldValueLast,
    /// The newest of several values is the one that is dropped.
    DropsTheNewestValue,
    /// Of several changed candles one is sent.
    SendsTheLastChangeOnly,
}

impl Sabotage {
    pub const ALL: [Sabotage; 12] = [
        Sabotage::KeepsTheEpochOfALostHistory,
        Sabotage::PublishesBeforeItIsJournaled,
        Sabotage::ForgetsWhatWasNotPublished,
        Sabotage::MixesUpAccounts,
        Sabotage::CarriesOutARetryAgain,
        Sabotage::DropsWhenFull,
        Sabotage::QueuesWithoutBound,
        Sabotage::SkipsWhatIsNotKept,
        Sabotage::ReadsTheSnapshotTooEarly,
        Sabotage::PublishesAnOldValueLast,
        Sabotage::DropsTheNewestValue,
        Sabotage::SendsTheLastChangeOnly,
    ];
}
