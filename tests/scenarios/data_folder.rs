//! The folder of the data: every subcommand finds it as `serve` does, and none but `user add` makes one.

use std::path::Path;

use anyhow::{Context as _, Result};
use tickwire_tests::desk::Setup;
use tickwire_tests::trial::{self, Ending};
use tickwire_tests::users::{PASSWORD, token, user, user_in};

/// It was refused, in one line that says all of this.
#[track_caller]
fn is_refused(ending: &Ending, told: &[&str]) {
    assert!(ending.code.is_some_and(|code| code != 0), "{ending:?}");
    assert_eq!(ending.stderr.lines().count(), 1, "{}", ending.stderr);
    for part in told {
        assert!(ending.stderr.contains(part), "{part}: {}", ending.stderr);
    }
}

#[test]
fn an_operator_beside_a_desk_needs_to_say_nothing_that_its_file_says() -> Result<()> {
    let file = "data-dir = \"real\"\nauth = \"required\"\n";
    let mut desk = Setup::sim(2, 20).own_data_dir().settings(file).start()?;
    let data_dir = desk.data_dir();
    let folder = data_dir.parent().context("the working folder")?;
    let added = user_in(folder, &["add", "ann"], &[], PASSWORD)?;
    assert_eq!(added.code, Some(0), "{added:?}");
    assert!(added.stdout.contains("real/users.db"), "{}", added.stdout);
    assert!(!folder.join("data").exists());
    token(&desk, "ann")?;
    desk.kill()?;
    let verified = trial::run(folder, &["journal", "verify"], &[])?;
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.stdout.contains("sound"), "{}", verified.stdout);
    Ok(())
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    std::fs::write(folder.join("tickwire.toml"), "data-dir = \"of-the-file\"\n")?;
    std::fs::write(folder.join("other.toml"), "data-dir = \"of-another\"\n")?;
    let variable = ("TICKWIRE_DATA_DIR", "of-the-variable");
    let named = ("TICKWIRE_CONFIG", "other.toml");
    let flag = ["--data-dir", "of-the-flag"];
    for (args, variables, taken) in [
        (&[][..], &[][..], "of-the-file"),
        (&[], &[variable], "of-the-variable"),
        (&flag, &[variable], "of-the-flag"),
        (&["--config", "other.toml"], &[], "of-another"),
        (&[], &[named], "of-another"),
        (&[], &[named, variable], "of-the-variable"),
    ] {
        for command in [&["user", "list"][..], &["journal", "replay"]] {
            let ending = trial::run(folder, &[command, args].concat(), variables)?;
            is_refused(&ending, &[&format!("{taken}/"), "--data-dir"]);
        }
        let added = user_in(folder, &[&["add", "ann"], args].concat(), variables, PASSWORD)?;
        assert_eq!(added.code, Some(0), "{added:?}");
        assert!(folder.join(taken).join("users.db").exists(), "{taken}");
        std::fs::remove_dir_all(folder.join(taken))?;
    }
    std::fs::remove_file(folder.join("tickwire.toml"))?;
    let usual = trial::run(folder, &["user", "list"], &[])?;
    is_refused(&usual, &["/data/users.db"]);
    Ok(())
}

#[test]
fn what_serve_does_not_understand_no_subcommand_passes_over() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let misspelt = ("TICKWIRE_DATADIR", "elsewhere");
    for command in [["user", "list"], ["journal", "verify"]] {
        is_refused(&trial::run(folder, &command, &[misspelt])?, &["TICKWIRE_DATADIR"]);
        let lost = [command[0], command[1], "--config", "lost.toml"];
        is_refused(&trial::run(folder, &lost, &[])?, &["lost.toml"]);
    }
    std::fs::write(folder.join("tickwire.toml"), "data-dri = \"real\"\n")?;
    let added = user_in(folder, &["add", "ann"], &[], PASSWORD)?;
    is_refused(&added, &["data-dri", "line 1"]);
    assert!(!folder.join("data").exists());
    Ok(())
}

fn is_untouched(typo: &Path, what: &[&str]) {
    assert!(!typo.exists(), "{what:?} made a folder");
}

#[test]
fn a_mistyped_folder_is_named_and_not_made() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let typo = folder.path().join("dtaa");
    for args in [
        &["list"][..],
        &["disable", "ann"],
        &["enable", "ann"],
        &["passwd", "ann"],
        &["role", "ann", "viewer"],
        &["token", "ann", "--days", "1"],
        &["tokens", "ann"],
        &["revoke", "ann", "1"],
    ] {
        is_refused(
            &user(&typo, args, PASSWORD)?,
            &["dtaa/users.db", "--data-dir", "user add"],
        );
        is_untouched(&typo, args);
    }
    let typed = typo.to_string_lossy();
    for args in [
        &["journal", "verify"][..],
        &["journal", "replay"],
        &["journal", "export", "--format", "jsonl"],
    ] {
        let all = [args, &["--data-dir", &typed]].concat();
        is_refused(
            &trial::run(folder.path(), &all, &[])?,
            &["dtaa/journal.db", "--data-dir"],
        );
        is_untouched(&typo, args);
    }
    // Nor does a user who cannot be added.
    for (args, input) in [
        (["add", "a b"], PASSWORD),
        (["add", "ann"], "short"),
        (["add", "ann"], ""),
    ] {
        assert_ne!(user(&typo, &args, input)?.code, Some(0));
        is_untouched(&typo, &args);
    }
    Ok(())
}
