//! The dependency rule inside the server: each stage knows its neighbours in the flow, and no others.

use crate::assert_tidy;
use crate::tree::{File, rust};

/// A stage and the stages that it never uses.
const NEVER: &[(&str, &[&str])] = &[
    ("exchange", &["hub"]),
    ("socket", &["exchange", "journal"]),
    ("journal", &["hub", "exchange"]),
    ("users", &["hub", "journal", "exchange", "engine_task", "socket"]),
];

#[test]
fn stages_of_the_server_use_only_their_neighbours() {
    let mut complaints = Vec::new();
    for (stage, never) in NEVER {
        for file in rust().filter(|file| belongs_to(file, stage)) {
            let code: String = file.code_lines().flat_map(|(_, line)| [line, "\n"]).collect();
            for used in modules_used(&code) {
                if never.contains(&used) {
                    complaints.push(format!("{}: {stage} may not use {used}", file.path));
                }
            }
        }
    }
    assert_tidy(&complaints);
}

fn belongs_to(file: &File, stage: &str) -> bool {
    let folder = format!("server/src/{stage}");
    file.path == format!("{folder}.rs") || file.is_below(&folder)
}

/// The first name of each path that starts at the crate root, `crate::{a, b::c}` included. `super::` is taken for the
/// root as well: a stage has no business with a name like another stage's.
fn modules_used(code: &str) -> Vec<&str> {
    ["crate::", "super::"]
        .iter()
        .flat_map(|root| {
            code.match_indices(root)
                .map(|(at, root)| &code[at + root.len()..])
        })
        .flat_map(|path| match path.strip_prefix('{') {
            Some(group) => group_names(group),
            None => vec![first_name(path)],
        })
        .collect()
}

fn group_names(group: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            ',' if depth == 0 => {
                names.push(first_name(&group[start..at]));
                start = at + 1;
            }
            '}' if depth == 0 => {
                names.push(first_name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> &str {
    let path = path.trim_start();
    let end = path
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(path.len());
    &path[..end]
}

#[test]
fn every_spelling_of_a_path_is_seen() {
    let cases: [(&str, &[&str]); 4] = [
        ("use crate::hub::Hub;", &["hub"]),
        (
            "use crate::{config, hub::{Hub, Topic}, journal};",
            &["config", "hub", "journal"],
        ),
        ("let h = crate::hub::open();", &["hub"]),
        ("use super::journal;", &["journal"]),
    ];
    for (code, expected) in cases {
        assert_eq!(modules_used(code), expected, "{code}");
    }
}
