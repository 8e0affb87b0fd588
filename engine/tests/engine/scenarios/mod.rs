//! Trading days in a few words each: what an owner and the market do, and what comes of it, to the last digit.

mod alerts;
mod edges;
mod guard;
mod market_data;
mod orders;
mod performance;
mod positions;
mod recovery;
mod refusals;
