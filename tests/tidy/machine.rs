//! Nothing tracked may hold on one machine only: no paths of a developer's machine, no registry but the public ones.

use crate::assert_tidy;
use crate::tree::FILES;

/// Spelt in parts, or this file would complain about itself.
const PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];
const NPM: &str = "https://registry.npmjs.org/";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn no_path_of_one_machine() {
    let mut complaints = Vec::new();
    for file in FILES.iter() {
        for (index, line) in file.text.lines().enumerate() {
            for path in PATHS.iter().filter(|path| line.contains(**path)) {
                complaints.push(format!("{}:{}: names {path}", file.path, index + 1));
            }
        }
    }
    assert_tidy(&complaints);
}

#[test]
fn locks_name_the_public_registries_only() {
    let mut complaints = Vec::new();
    for file in FILES.iter() {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.trim();
            let public = match file.name() {
                "package-lock.json" => value(line, "\"resolved\": ").is_none_or(|from| from.starts_with(NPM)),
                "Cargo.lock" => value(line, "source = ").is_none_or(|from| from == CRATES_IO),
                ".npmrc" => !line.contains("registry"),
                "config.toml" if file.is_below(".cargo") => {
                    !line.contains("registr") && !line.contains("replace-with")
                }
                _ => true,
            };
            if !public {
                complaints.push(format!(
                    "{}:{}: not a public registry: {line}",
                    file.path,
                    index + 1
                ));
            }
        }
    }
    assert_tidy(&complaints);
}

/// The quoted value of a line that starts with `key`.
fn value<'line>(line: &'line str, key: &str) -> Option<&'line str> {
    line.strip_prefix(key)?
        .trim_end_matches(',')
        .trim_matches('"')
        .into()
}
