//! What is reckoned from equity and trades: pure arithmetic on exact decimals. The formulas are stated in
//! [`tickwire_protocol::performance`].

pub mod averages;
pub mod ratios;

pub use averages::{average, factor, share};
pub use ratios::{annualized, daily_returns, sharpe, sortino, square_root};
