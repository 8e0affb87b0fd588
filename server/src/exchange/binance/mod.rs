//! What Binance says: the frames of its public spot streams, and how a book is kept in step with them.
//!
//! Used by the tape, which plays recorded frames, as by anything that listens to the venue itself.

pub mod depth;
pub mod message;
