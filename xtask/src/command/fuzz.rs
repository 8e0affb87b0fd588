//! `cargo xtask fuzz`: the fuzz targets, each for a while. Where there is a C++ compiler they run under libFuzzer, guided by
//! coverage, on this very toolchain; elsewhere under proptest, which knows nothing of coverage.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::progress::Progress;
use crate::{process, workspace};

/// Each target, and the JSON blocks of PROTOCOL.md that it starts from.
const TARGETS: &[(&str, &str)] = &[
    ("command", "command"),
    ("message", "message"),
    ("desk", "command"),
];

const SECONDS_DEFAULT: u64 = 60;

/// What `cargo fuzz` gives to rustc but the sanitizers, which need a nightly one and find nothing where no code is unsafe.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// The command.
pub fn run(args: &[String]) -> Result<()> {
    let seconds = match args {
        [] => SECONDS_DEFAULT,
        [flag, seconds] if flag == "--seconds" => seconds
            .parse()
            .with_context(|| format!("`--seconds {seconds}` is no number\nremedy: see `cargo xtask help`"))?,
        _ => bail!("unknown arguments {args:?}\nremedy: see `cargo xtask help`"),
    };
    let progress = Progress::start();
    if !has_cpp() {
        println!("no C++ compiler (`c++`), so no libFuzzer: proptest takes its place");
        return progress.stage("fuzz: proptest", || by_proptest(seconds));
    }
    let binaries = progress.stage("build: libFuzzer and the targets", build)?;
    for (target, kind) in TARGETS {
        progress.stage(&format!("fuzz: {target} for {seconds} s"), || {
            by_libfuzzer(&binaries, target, kind, seconds)
        })?;
    }
    Ok(())
}

fn has_cpp() -> bool {
    let mut compiler = Command::new("c++");
    compiler
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    compiler.status().is_ok_and(|status| status.success())
}

fn by_proptest(seconds: u64) -> Result<()> {
    let mut test = process::cargo([
        "test",
        "--release",
        "--package",
        "tickwire-engine",
        "--test",
        "fuzz",
    ]);
    test.env("TICKWIRE_FUZZ_SECONDS", seconds.to_string());
    process::run(&mut test, "the failure above names the bytes that led to it")
}

/// Builds the targets, instrumented, and says where they are.
fn build() -> Result<PathBuf> {
    let host = process::output(Command::new("rustc").arg("-vV"))
        .and_then(|text| {
            Some(
                text.lines()
                    .find_map(|line| line.strip_prefix("host: "))?
                    .to_owned(),
            )
        })
        .context("rustc does not say which machine it is on\nremedy: see that `rustc -vV` works")?;
    let folder = workspace::scratch_dir().join("fuzz");
    let mut build = process::cargo([
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target",
    ]);
    // With a target of its own, so that build scripts and macros are not instrumented.
    build
        .arg(&host)
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", COVERAGE);
    process::run(&mut build, "correct what rustc names above")?;
    Ok(folder.join(host).join("release"))
}

fn by_libfuzzer(binaries: &Path, target: &str, kind: &str, seconds: u64) -> Result<()> {
    let folder = workspace::scratch_dir().join("fuzz");
    let (corpus, seeds) = (
        folder.join("corpus").join(target),
        folder.join("seeds").join(target),
    );
    let found = folder.join("found");
    for folder in [&corpus, &seeds, &found] {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    write_goldens(&seeds, kind)?;
    let mut fuzzer = Command::new(binaries.join(target));
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        .args([
            "-max_len=16384",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-verbosity=0",
        ])
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        .args([&corpus, &seeds]);
    process::run(
        &mut fuzzer,
        &format!(
            "the file that libFuzzer names above, in {}, has the bytes: run the target on it again, and make a test of it",
            workspace::shown(&found)
        ),
    )
}

/// The frames of PROTOCOL.md, a file each.
fn write_goldens(folder: &Path, kind: &str) -> Result<()> {
    let document =
        std::fs::read_to_string(workspace::root().join("PROTOCOL.md")).context("PROTOCOL.md is readable")?;
    let fence = format!("```json {kind}\n");
    let blocks: Vec<&str> = document
        .split(&fence)
        .skip(1)
        .filter_map(|block| Some(block.split_once("```")?.0))
        .collect();
    ensure!(!blocks.is_empty(), "PROTOCOL.md has no {kind} any more");
    for (place, block) in blocks.iter().enumerate() {
        let path = folder.join(format!("golden-{place}.json"));
        std::fs::write(&path, block.replace('\n', ""))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
