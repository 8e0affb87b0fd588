//! Section 6: text is UTF-8, however it is cut into pieces, or the connection ends.

use anyhow::Result;
use tickwire_tests::raw::opcode::{CONTINUATION, TEXT};
use tickwire_tests::raw::{part, whole};

use super::{Case, chopped, ping, play_all};

const NO_UTF8: &[u16] = &[1007];

/// `κόσμε`, then a lone surrogate.
const SPOILT: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64";

/// A message in pieces of so many bytes.
fn pieces(text: &[u8], length: usize) -> Vec<Vec<u8>> {
    let last = text.len().div_ceil(length) - 1;
    let frame = |(place, piece): (usize, &[u8])| match (place, place == last) {
        (0, true) => whole(TEXT, piece),
        (0, false) => part(TEXT, piece),
        (_, true) => whole(CONTINUATION, piece),
        (_, false) => part(CONTINUATION, piece),
    };
    text.chunks(length).enumerate().map(frame).collect()
}

fn in_pieces() -> Vec<Case> {
    let text = ping(1, "Hello-µ@ßöäüàá-UTF-8!!");
    let micro = text.iter().position(|byte| *byte == 0xC2).unwrap();
    let kosme = ping(1, "κόσμε");
    let nothing = [part(TEXT, b""), part(CONTINUATION, b""), whole(CONTINUATION, b"")];
    let something = [
        part(TEXT, b""),
        part(CONTINUATION, &ping(1, "")),
        whole(CONTINUATION, b""),
    ];
    let (before, after) = SPOILT.split_at(11);
    let (bad, rest) = after.split_at(3);
    vec![
        Case::lives("6.1.1", vec![whole(TEXT, b"")], &["ERROR BAD_JSON"]),
        Case::lives("6.1.2", nothing.to_vec(), &["ERROR BAD_JSON"]),
        Case::lives("6.1.3", something.to_vec(), &["PONG 1"]),
        Case::lives("6.2.1", vec![whole(TEXT, &text)], &["PONG 1"]),
        // Between two characters, and within one.
        Case::lives("6.2.2", pieces(&text, micro), &["PONG 1"]),
        Case::lives(
            "6.2.2b",
            vec![
                part(TEXT, &text[..=micro]),
                whole(CONTINUATION, &text[micro + 1..]),
            ],
            &["PONG 1"],
        ),
        Case::lives("6.2.3", pieces(&text, 1), &["PONG 1"]),
        Case::lives("6.2.4", pieces(&kosme, 1), &["PONG 1"]),
        Case::closed("6.3.1", vec![whole(TEXT, SPOILT)], &[], NO_UTF8),
        Case::closed("6.3.2", pieces(SPOILT, 1), &[], NO_UTF8),
        Case::closed(
            "6.4.1",
            vec![
                part(TEXT, before),
                part(CONTINUATION, bad),
                whole(CONTINUATION, rest),
            ],
            &[],
            NO_UTF8,
        ),
        Case::closed(
            "6.4.2",
            vec![
                part(TEXT, &[before, b"\xf4"].concat()),
                part(CONTINUATION, b"\x90"),
                whole(CONTINUATION, b"\x80\x80"),
            ],
            &[],
            NO_UTF8,
        ),
        Case::closed("6.4.3", chopped(&whole(TEXT, SPOILT), 11), &[], NO_UTF8),
        Case::closed("6.4.4", chopped(&whole(TEXT, SPOILT), 1), &[], NO_UTF8),
    ]
}

/// Sections 6.5 to 6.23: a subsection each, bytes in hexadecimal, and whether they are UTF-8.
const SEQUENCES: &[(u32, bool, &[&str])] = &[
    (
        5,
        true,
        &[
            "ceba",
            "cebae1bdb9",
            "cebae1bdb9cf83",
            "cebae1bdb9cf83cebc",
            "cebae1bdb9cf83cebcceb5",
        ],
    ),
    (
        6,
        false,
        &[
            "ce",
            "cebae1",
            "cebae1bd",
            "cebae1bdb9cf",
            "cebae1bdb9cf83ce",
            "cebae1bdb9cf83cebcce",
        ],
    ),
    (7, true, &["00", "c280", "e0a080", "f0908080"]),
    (8, false, &["f888808080", "fc8480808080"]),
    (9, true, &["7f", "dfbf", "efbfbf", "f48fbfbf"]),
    (10, false, &["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
    (11, true, &["ed9fbf", "ee8080", "efbfbd", "f48fbfbf20"]),
    (24, false, &["f4908080"]),
    (
        12,
        false,
        &[
            "80",
            "bf",
            "80bf",
            "80bf80",
            "80bf80bf",
            "80bf80bf80",
            "80bf80bf80bf",
            "808182838485868788898a8b8c8d8e8f90a0b0bf",
        ],
    ),
    (
        13,
        false,
        &[
            "c020c120df20",
            "e020e120ef20",
            "f020f120f720",
            "f820f920fb20",
            "fc20fd20",
        ],
    ),
    (
        14,
        false,
        &[
            "c0",
            "e080",
            "f08080",
            "f8808080",
            "fc80808080",
            "df",
            "efbf",
            "f7bfbf",
            "fbbfbfbf",
            "fdbfbfbfbf",
        ],
    ),
    (
        15,
        false,
        &["c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"],
    ),
    (16, false, &["fe", "ff", "fefeffff"]),
    (
        17,
        false,
        &["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"],
    ),
    (
        18,
        false,
        &["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
    ),
    (
        19,
        false,
        &["c080", "e08080", "f0808080", "f880808080", "fc8080808080"],
    ),
    (
        20,
        false,
        &[
            "eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf",
        ],
    ),
    (
        21,
        false,
        &[
            "eda080edb080",
            "eda080edbfbf",
            "edadbfedb080",
            "edadbfedbfbf",
            "edae80edb080",
            "edae80edbfbf",
            "edafbfedb080",
            "edafbfedbfbf",
        ],
    ),
    (
        22,
        true,
        &[
            "efbfbe", "efbfbf", "f09fbfbe", "f09fbfbf", "f0afbfbe", "f0afbfbf", "f0bfbfbe", "f0bfbfbf",
            "f18fbfbe", "f18fbfbf", "f19fbfbe", "f19fbfbf", "f1afbfbe", "f1afbfbf", "f1bfbfbe", "f1bfbfbf",
            "f28fbfbe", "f28fbfbf", "f29fbfbe", "f29fbfbf", "f2afbfbe", "f2afbfbf", "f2bfbfbe", "f2bfbfbf",
            "f38fbfbe", "f38fbfbf", "f39fbfbe", "f39fbfbf", "f3afbfbe", "f3afbfbf", "f3bfbfbe", "f3bfbfbf",
            "f48fbfbe", "f48fbfbf",
        ],
    ),
    (23, true, &["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd"]),
];

fn sequences() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, is_utf8, texts) in SEQUENCES {
        for (place, hex) in texts.iter().enumerate() {
            let text: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            assert_eq!(std::str::from_utf8(&text).is_ok(), *is_utf8, "{hex}");
            let number = format!("6.{section}.{}", place + 1);
            // In one frame, and a byte at a time.
            for (number, writes) in [
                (number.clone(), vec![whole(TEXT, &text)]),
                (format!("{number}b"), pieces(&text, 1)),
            ]
            .into_iter()
            .take(text.len().min(2))
            {
                cases.push(match is_utf8 {
                    // UTF-8 it is, and no command.
                    true => Case::lives(&number, writes, &["ERROR BAD_JSON"]),
                    false => Case::closed(&number, writes, &[], NO_UTF8),
                });
            }
        }
    }
    cases
}

#[test]
fn characters_may_be_cut_in_two_and_must_be_whole_in_the_end() -> Result<()> {
    play_all(&in_pieces(), 14)
}

#[test]
fn bytes_are_utf_8_or_end_the_connection() -> Result<()> {
    play_all(&sequences(), 240)
}
