//! Has every user's account open before anything is done for it: a user who was added while the desk runs comes in at once.

use crate::queue::CommandSender;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tickwire_engine::input::Action;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::AccountId;
use tickwire_protocol::money::Amount;

/// Opens accounts; clones share what they know.
#[derive(Clone, Debug)]
pub struct Accounts {
    commands: CommandSender,
    deposit: Amount,
    open: Arc<Mutex<BTreeSet<AccountId>>>,
}

impl Accounts {
    /// Accounts of which these are open already; others get `deposit`.
    pub fn new(
        commands: CommandSender,
        deposit: Amount,
        open: impl IntoIterator<Item = AccountId>,
    ) -> Accounts {
        Accounts {
            commands,
            deposit,
            open: Arc::new(Mutex::new(open.into_iter().collect())),
        }
    }

    /// Returns once the account is open and in the journal; refused where that cannot be now.
    pub async fn ensure(&self, account: AccountId) -> Result<(), Refusal> {
        let is_open = |open: &BTreeSet<AccountId>| open.contains(&account);
        if is_open(&self.open.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let stopping = || {
            let message = "the account cannot be opened while the server stops; try again in a moment";
            Refusal::new(ErrorCode::Unavailable, message)
        };
        let action = Action::OpenAccount {
            deposit: self.deposit,
        };
        let answer = self
            .commands
            .send(account, action)
            .await
            .map_err(|_| stopping())?;
        match answer.await.map_err(|_| stopping())? {
            Ok(_) => {
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.insert(account);
                Ok(())
            }
            Err((refusal, _)) => Err(refusal),
        }
    }
}
