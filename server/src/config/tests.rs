//! Options: each is heard from everywhere, and what cannot be is refused in one line.

use super::*;
use clap::{CommandFactory, Parser};

#[derive(Parser)]
pub(super) struct Cli {
    #[command(flatten)]
    pub serve: ServeArgs,
}

pub(super) fn file(text: &str) -> Result<ServeArgs, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tickwire.toml");
    std::fs::write(&path, text).unwrap();
    read_file(&path)
}

#[test]
fn every_option_is_a_flag_a_variable_and_a_key() {
    let command = Cli::command();
    for argument in command
        .get_arguments()
        .filter(|a| !["config", "help"].contains(&a.get_id().as_str()))
    {
        let flag = argument.get_long().unwrap();
        let variable = argument.get_env().unwrap().to_str().unwrap();
        assert_eq!(
            variable,
            format!("TICKWIRE_{}", flag.replace('-', "_").to_uppercase())
        );
        // A wrong value of a known key names the value, an unknown key names the key.
        let unknown = file(&format!("{flag} = []")).err().map(|error| error.to_string());
        let is_key = unknown
            .as_ref()
            .is_none_or(|error| !error.contains("unknown field"));
        assert!(is_key, "{flag} is no key: {unknown:?}");
    }
}

#[test]
fn flags_win_over_the_file_and_the_file_over_the_defaults() {
    let flags = Cli::parse_from(["tickwire", "--listen", "127.0.0.1:9000"]).serve;
    let file = file("listen = \"127.0.0.1:7000\"\nstarting-balance = 2500.5\nmarket = \"sim\"\n").unwrap();
    let config = flags.or(file).finish().unwrap();
    assert_eq!(config.http.listen.port(), 9000);
    assert_eq!(config.starting_balance.to_string(), "2500.5");
    assert_eq!(config.market, MarketConfig::Sim(SimConfig::default()));
    assert_eq!(config.data_dir, PathBuf::from("data"));
}

#[test]
fn what_is_not_understood_is_said_in_one_line() {
    let unknown = file("market = \"sim\"\nlistne = \"127.0.0.1:7000\"")
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("line 2") && unknown.contains("listne") && !unknown.contains('\n'),
        "{unknown}"
    );
    let bad = file("\nmarket = \"moon\"").unwrap_err().to_string();
    assert!(
        bad.contains("line 2") && bad.contains("moon") && !bad.contains('\n'),
        "{bad}"
    );
    let misspelt = check_environment(["TICKWIRE_LISTNE".to_owned()].into_iter()).unwrap_err();
    assert!(misspelt.to_string().contains("TICKWIRE_LISTNE"));
    let fine = [
        "PATH",
        "TICKWIRE_LISTEN",
        "TICKWIRE_BIN",
        "TICKWIRE_PORT_80_TCP",
        "TICKWIRE_SERVICE_HOST",
    ]
    .map(str::to_owned);
    assert_eq!(check_environment(fine.into_iter()), Ok(()));
}

#[test]
fn nobody_else_comes_in_unless_told_so() {
    let open = |extra: &[&str]| {
        let args = ["tickwire", "--listen", "0.0.0.0:8000"].iter().chain(extra);
        Cli::parse_from(args).serve.finish()
    };
    assert!(open(&[]).is_err());
    assert!(open(&["--allow-remote-without-auth=false"]).is_err());
    assert!(open(&["--allow-remote-without-auth"]).is_ok());
    assert!(
        Cli::parse_from(["tickwire", "--starting-balance", "0"])
            .serve
            .finish()
            .is_err()
    );
}

#[test]
fn a_desk_with_logins_may_listen_anywhere_and_knows_the_name_that_browsers_use() {
    let listen = "listen = \"0.0.0.0:8000\"\n";
    assert!(file(listen).unwrap().finish().is_err());
    let public =
        "auth = \"required\"\npublic-origin = \"https://desk.example\"\nallowed-host = [\"other.example\"]\n";
    let config = file(&[listen, public].concat()).unwrap().finish().unwrap();
    assert!(config.auth.is_required && config.auth.cookies_are_secure());
    assert_eq!(config.auth.access_ms, 15 * 60_000);
    assert_eq!(config.http.allowed_hosts, ["other.example", "desk.example"]);
    assert!(file("public-origin = \"desk.example\"").is_err());
}
