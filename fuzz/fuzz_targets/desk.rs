//! Any bytes as lines of a conversation, all the way into the engine.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tickwire_fuzz::desk(data));
