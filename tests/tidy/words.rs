//! What no source may say.

use crate::assert_tidy;
use crate::tree::{has_word, rust};

/// Unfinished or forgotten. Spelt in two parts, or this file would complain about itself.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("dbg", "!"),
];

/// Files of engine and protocol that may use floats, and why. Money is exact everywhere else.
const FLOATS_ALLOWED: &[(&str, &str)] = &[
    (
        "protocol/src/command/fields.rs",
        "a deserializer that reads no value has to name every type that it could be asked for",
    ),
    (
        "protocol/src/tree.rs",
        "a deserializer has to name the types that it refuses",
    ),
];

#[test]
fn nothing_is_left_unfinished() {
    let mut complaints = Vec::new();
    for file in rust() {
        for (number, line) in file.code_lines() {
            for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
                complaints.push(format!("{}:{number}: `{word}` is for drafts", file.path));
            }
        }
    }
    assert_tidy(&complaints);
}

#[test]
fn money_is_never_a_float() {
    let mut complaints = Vec::new();
    for file in rust().filter(|file| file.is_below("engine/src") || file.is_below("protocol/src")) {
        let allowed = FLOATS_ALLOWED.iter().any(|(path, _)| *path == file.path);
        let floats: Vec<_> = file
            .code_lines()
            .filter(|(_, line)| has_word(line, "f64") || has_word(line, "f32"))
            .collect();
        if allowed && floats.is_empty() {
            complaints.push(format!(
                "{}: needs no leave for floats any more: take it off the list",
                file.path
            ));
        }
        if !allowed {
            complaints.extend(floats.iter().map(|(number, _)| {
                format!(
                    "{}:{number}: a float; use an exact type, or list the file with its reason",
                    file.path
                )
            }));
        }
    }
    assert_tidy(&complaints);
}

#[test]
fn engine_and_protocol_take_the_time_as_input() {
    let mut complaints = Vec::new();
    for file in rust().filter(|file| file.is_below("engine/src") || file.is_below("protocol/src")) {
        for (number, line) in file.code_lines() {
            for word in ["SystemTime", "Instant", "now_utc", "now_local"]
                .iter()
                .filter(|word| has_word(line, word))
            {
                complaints.push(format!(
                    "{}:{number}: `{word}`: time arrives as an argument",
                    file.path
                ));
            }
        }
    }
    assert_tidy(&complaints);
}
