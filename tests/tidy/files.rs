//! Names and sizes of files, and a first line that says what each is for.

use crate::assert_tidy;
use crate::tree::{FILES, rust};

const LINES_MAX: usize = 600;
/// Names that say nothing about the content.
const NAMES_BANNED: &[&str] = &["utils", "util", "helpers", "common", "manager", "types", "misc"];

#[test]
fn files_are_short_enough_to_read() {
    let written = FILES.iter().filter(|file| {
        [".rs", ".ts", ".css", ".js"]
            .iter()
            .any(|extension| file.path.ends_with(extension))
    });
    let complaints: Vec<_> = written
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| {
            format!(
                "{}: {lines} lines, at most {LINES_MAX}: split it by noun",
                file.path
            )
        })
        .collect();
    assert_tidy(&complaints);
}

#[test]
fn names_say_what_is_inside() {
    let complaints: Vec<_> = rust()
        .filter(|file| {
            let stem = file.name().trim_end_matches(".rs");
            NAMES_BANNED.contains(&stem) || file.path.split('/').any(|folder| NAMES_BANNED.contains(&folder))
        })
        .map(|file| format!("{}: name it after the thing it holds", file.path))
        .collect();
    assert_tidy(&complaints);
}

#[test]
fn each_module_starts_by_saying_what_it_is() {
    let complaints: Vec<_> = rust()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}: the first line is not a `//!` sentence", file.path))
        .collect();
    assert_tidy(&complaints);
}
