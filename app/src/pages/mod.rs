//! One file per page; the route table is in the crate root.

pub mod desk;
pub mod not_found;
