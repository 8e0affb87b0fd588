//! The text files of the repository, read once.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Folders that hold nothing tracked (see `.gitignore`).
const UNTRACKED: &[&str] = &[
    ".git",
    "target",
    "node_modules",
    "data",
    "test-results",
    "playwright-report",
];
/// What is not text.
const BINARY: &[&str] = &["png", "jpg", "ico", "woff2", "gz", "br", "zst", "db"];

/// One file.
pub struct File {
    /// From the root, with `/` between the parts.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn is_below(&self, folder: &str) -> bool {
        self.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The lines with their numbers, without `//` comments.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, without_comment(line)))
    }
}

/// Every text file that may be tracked.
pub static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let mut files = Vec::new();
    read_folder(&tickwire_tests::binary::root(), "", &mut files);
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "the root of the repository was not found"
    );
    files
});

/// The Rust files.
pub fn rust() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| file.is_rust())
}

fn read_folder(folder: &Path, path: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("the tree is readable").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}/{name}")
        };
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if entry.path().is_dir() {
            if !UNTRACKED.contains(&name.as_str()) {
                read_folder(&entry.path(), &path, files);
            }
        } else if !BINARY.contains(&extension)
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}

fn without_comment(line: &str) -> &str {
    line.match_indices("//")
        .find(|(at, _)| !line[..*at].ends_with(':'))
        .map_or(line, |(at, _)| &line[..at])
}

/// Whether `text` holds `word` as an identifier of its own.
pub fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name)
    })
}

#[test]
fn comments_and_words_are_told_apart() {
    assert_eq!(without_comment("let a = 1; // f64"), "let a = 1; ");
    assert_eq!(without_comment("let a = \"http://b\";"), "let a = \"http://b\";");
    assert!(has_word("x: f64,", "f64"));
    assert!(!has_word("as_f64()", "f64"));
}
