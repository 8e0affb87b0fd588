//! Trading days in a few words each: what an owner and the market do, and what comes of it, to the last digit.

mod carry;
mod edges;
mod funding;
mod margin;
mod market_data;
mod orders;
mod positions;
mod recovery;
mod refusals;
