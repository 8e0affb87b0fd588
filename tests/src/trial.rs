//! A start that is expected to fail: the binary is run to its end, and what it said is kept.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{binary, desk};

/// A server that is asked for the impossible says so at once.
const END_TIME_MAX: Duration = Duration::from_secs(10);

/// How a run ended.
#[derive(Debug)]
pub struct Ending {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the binary in a folder, with these arguments and variables, until it ends.
pub fn run(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Result<Ending> {
    let mut child = desk::clean(&binary::path()?)
        .args(args)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let deadline = Instant::now() + END_TIME_MAX;
    while child.try_wait()?.is_none() {
        if Instant::now() >= deadline {
            child.kill()?;
            let output = child.wait_with_output()?;
            bail!(
                "it did not end: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    Ok(Ending {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
