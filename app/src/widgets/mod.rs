//! What the desk is made of: one folder per widget, with its css and the pure functions that it shows.

pub mod act;
pub mod alerts;
pub mod chart;
pub mod connection;
pub mod direction;
pub mod equity;
pub mod field;
pub mod flash;
pub mod logs;
pub mod order_ticket;
pub mod orders;
pub mod panel;
pub mod performance;
pub mod portfolio;
pub mod positions;
pub mod risk;
pub mod rows;
pub mod toasts;
pub mod top_bar;
pub mod trades;
pub mod watchlist;
