//! The rules of the source tree, as tests: what a compiler cannot check and a reviewer should not have to.
//!
//! - `crates`: which crate may depend on which, and on what from outside.
//! - `stages`: which stage of the server may use which.
//! - `words`: what no source may say.
//! - `files`: names, length, a first line that says what the file is.
//! - `targets`: what the lines of the log are filtered by.
//! - `machine`: nothing that holds on one machine only.

mod crates;
mod files;
mod machine;
mod stages;
mod targets;
mod tree;
mod words;

/// Fails with every complaint at once.
#[track_caller]
fn assert_tidy(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}
