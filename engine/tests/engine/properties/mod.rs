//! What holds for any day, however odd: shown on random days, which shrink to the shortest that fails.

mod accounts;
mod busy;
mod day;
mod deeds;
mod extremes;
mod guard;
mod ledger;
mod market_data;
mod orders;
mod reach;
mod watch;
