//! Trading days in a few words each: what an owner and the market do, and what comes of it, to the last digit.

mod alerts;
mod bounds;
mod carry;
mod carry_latency;
mod commands;
mod delisted;
mod door;
mod edges;
mod funding;
mod groups;
mod guard;
mod limits;
mod margin;
mod market_data;
mod orders;
mod performance;
mod perpetuals;
mod positions;
mod races;
mod recovery;
mod refusals;
mod together;
mod triggers;
