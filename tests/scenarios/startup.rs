//! A start that cannot be: it ends at once, with a code, and with one line that names the problem.

use std::net::TcpListener;
use std::path::Path;

use anyhow::Result;
use tickwire_tests::desk::Desk;
use tickwire_tests::trial::run;

/// Starts in an empty folder on a free port, and asserts that it is refused in one line that has each of these words.
#[track_caller]
fn assert_refused(folder: &Path, args: &[&str], variables: &[(&str, &str)], words: &[&str]) {
    let mut all = vec!["serve"];
    if !args.iter().any(|arg| arg.starts_with("--listen")) {
        all.extend(["--listen", "127.0.0.1:0"]);
    }
    all.extend(args);
    let ending =
        run(folder, &all, variables).unwrap_or_else(|error| panic!("{args:?} {variables:?}: {error}"));
    let case = format!("{args:?} {variables:?}\n{}", ending.stderr);
    assert!(
        ending.code.is_some_and(|code| code != 0),
        "{:?}: {case}",
        ending.code
    );
    assert!(!ending.stdout.contains("ready"), "{case}");
    let lines: Vec<&str> = ending
        .stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(lines.len(), 1, "one line, not {}: {case}", lines.len());
    let line = lines[0].to_lowercase();
    for word in words {
        assert!(
            line.contains(&word.to_lowercase()),
            "{word:?} is not named: {case}"
        );
    }
    assert!(!line.contains("panicked"), "{case}");
}

#[test]
fn what_it_does_not_know_is_refused_by_name() -> Result<()> {
    let folder = tempfile::tempdir()?;
    assert_refused(folder.path(), &["--marekt", "sim"], &[], &["--marekt"]);
    assert_refused(folder.path(), &["surplus"], &[], &["surplus"]);
    assert_refused(
        folder.path(),
        &[],
        &[("TICKWIRE_MAREKT", "sim")],
        &["TICKWIRE_MAREKT"],
    );
    assert_refused(
        folder.path(),
        &["--config", "nowhere.toml"],
        &[],
        &["nowhere.toml"],
    );

    let other = tempfile::tempdir()?;
    std::fs::write(other.path().join("tickwire.toml"), "marekt = \"sim\"\n")?;
    assert_refused(other.path(), &[], &[], &["marekt", "tickwire.toml"]);
    std::fs::write(other.path().join("tickwire.toml"), "market = \n")?;
    assert_refused(other.path(), &[], &[], &["tickwire.toml"]);
    std::fs::write(other.path().join("tickwire.toml"), "[market]\nkind = \"sim\"\n")?;
    assert_refused(other.path(), &[], &[], &["tickwire.toml", "line 2"]);
    Ok(())
}

#[test]
fn bad_values_are_refused_with_the_option_they_belong_to() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let cases: [(&str, &str); 18] = [
        ("--replay-speed", "0"),
        ("--replay-speed", "-1"),
        ("--replay-speed", "NaN"),
        ("--replay-speed", "fast"),
        ("--sim-symbols", "0"),
        ("--sim-symbols", "1001"),
        ("--sim-ticks-per-second", "0"),
        ("--sim-ticks-per-second", "100001"),
        ("--sim-seed", "abc"),
        ("--starting-balance", "0"),
        ("--starting-balance", "-5"),
        ("--starting-balance", "NaN"),
        ("--starting-balance", "lots"),
        ("--market", "moon"),
        ("--replay-form", "film"),
        ("--listen", "nonsense"),
        ("--connections-max", "0"),
        ("--log-format", "poem"),
    ];
    for (flag, value) in cases {
        let both = format!("{flag}={value}");
        let market = if flag.starts_with("--sim") {
            "sim"
        } else {
            "replay"
        };
        let with_market = ["--market", market, &both];
        let args = if flag == "--market" {
            &with_market[2..]
        } else {
            &with_market[..]
        };
        assert_refused(
            folder.path(),
            args,
            &[],
            &[flag.rsplit('-').next().unwrap_or(flag)],
        );
    }
    assert_refused(folder.path(), &[], &[("TICKWIRE_REPLAY_SPEED", "0")], &["replay"]);
    Ok(())
}

#[test]
fn a_bad_value_is_refused_also_where_the_market_does_not_need_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    assert_refused(folder.path(), &["--sim-symbols", "0"], &[], &["symbols"]);
    assert_refused(
        folder.path(),
        &["--market", "sim", "--replay-speed", "0"],
        &[],
        &["speed"],
    );
    Ok(())
}

#[test]
fn an_address_that_others_reach_needs_a_word_of_consent() -> Result<()> {
    let folder = tempfile::tempdir()?;
    assert_refused(
        folder.path(),
        &["--listen", "0.0.0.0:0"],
        &[],
        &["--allow-remote-without-auth"],
    );
    assert_refused(
        folder.path(),
        &["--listen", "[::]:0"],
        &[],
        &["--allow-remote-without-auth"],
    );
    Ok(())
}

#[test]
fn a_taken_port_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    assert_refused(folder.path(), &["--listen", &address], &[], &[&address]);
    Ok(())
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("occupied"), "a file")?;
    assert_refused(folder.path(), &["--data-dir", "occupied"], &[], &["occupied"]);
    assert_refused(
        folder.path(),
        &["--data-dir", "occupied/below"],
        &[],
        &["occupied/below"],
    );
    Ok(())
}

#[test]
fn a_journal_that_is_none_is_named_and_left_alone() -> Result<()> {
    let mut desk = Desk::start()?;
    desk.kill()?;
    let mut spoilt = Vec::new();
    for entry in std::fs::read_dir(desk.data_dir())? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "db" || extension == "sqlite")
        {
            std::fs::write(
                &path,
                "this is no database, and long enough not to be taken for an empty one".repeat(100),
            )?;
            spoilt.push(path);
        } else if path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    assert!(!spoilt.is_empty(), "no database was found to spoil: no test");
    let data_dir = desk.data_dir();
    let folder = tempfile::tempdir()?;
    let words = [data_dir.to_string_lossy().into_owned()];
    assert_refused(folder.path(), &["--data-dir", &words[0]], &[], &[&words[0]]);
    assert!(
        std::fs::read_to_string(&spoilt[0])?.starts_with("this is no database"),
        "nothing is overwritten"
    );
    Ok(())
}

#[test]
fn a_data_folder_has_one_server_at_a_time() -> Result<()> {
    let desk = Desk::start()?;
    let folder = tempfile::tempdir()?;
    let data_dir = desk.data_dir().to_string_lossy().into_owned();
    assert_refused(folder.path(), &["--data-dir", &data_dir], &[], &[&data_dir]);
    assert_eq!(
        tickwire_tests::http::get(desk.address(), "/health", &[])?.status,
        200,
        "the first one goes on"
    );
    Ok(())
}

#[test]
fn help_and_version_end_with_zero() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let help = run(folder.path(), &["serve", "--help"], &[])?;
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for option in [
        "--listen",
        "--data-dir",
        "--market",
        "--replay-speed",
        "--starting-balance",
        "TICKWIRE_LISTEN",
    ] {
        assert!(help.stdout.contains(option), "{option} is not explained");
    }
    let version = run(folder.path(), &["--version"], &[])?;
    assert_eq!(version.code, Some(0));
    assert!(version.stdout.contains("0.1.0"), "{}", version.stdout);
    Ok(())
}
