//! What the desk is made of: one folder per widget, with its css and the pure functions that it shows.

pub mod chart;
pub mod connection;
pub mod direction;
pub mod flash;
pub mod order_ticket;
pub mod panel;
pub mod portfolio;
pub mod positions;
pub mod top_bar;
pub mod watchlist;
