//! What an order must be able to pay for before it may open or add to a position.

use crate::account::Account;
use crate::account::margin::leverage;
use crate::margin;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Amount;

/// The margin that opening a position of this value ties up, without the fee: `value / leverage`, rounded up to 8 places;
/// all of it for spot.
pub(crate) fn opening_margin(account: &Account, instrument: &Instrument, value: Amount) -> Amount {
    margin::initial(value, leverage(account, instrument))
}
