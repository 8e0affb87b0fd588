//! Section 7: the end of a connection.

use anyhow::Result;
use tickwire_tests::raw::opcode::{CLOSE, CONTINUATION, PING, TEXT};
use tickwire_tests::raw::{part, whole};

use super::{Case, ping, ping_of, play_all};

/// A close that is answered in kind.
const CLEAN: &[u16] = &[1000];
/// One without a code may be answered without or with the usual one.
const WITHOUT: &[u16] = &[1005, 1000];
const BROKEN: &[u16] = &[1002];

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    whole(CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

fn order() -> Vec<Case> {
    let text = ping(1, "");
    let (head, tail) = text.split_at(9);
    vec![
        Case::closed(
            "7.1.1",
            vec![whole(TEXT, &text), close(1000, b"")],
            &["PONG 1"],
            CLEAN,
        ),
        Case::closed("7.1.2", vec![close(1000, b""), close(1000, b"")], &[], CLEAN),
        Case::closed("7.1.3", vec![close(1000, b""), whole(PING, b"late")], &[], CLEAN),
        Case::closed("7.1.4", vec![close(1000, b""), whole(TEXT, &text)], &[], CLEAN),
        Case::closed(
            "7.1.5",
            vec![part(TEXT, head), close(1000, b""), whole(CONTINUATION, tail)],
            &[],
            CLEAN,
        ),
        Case::closed(
            "7.1.6",
            vec![
                whole(TEXT, &ping_of(1, 256 * 1024)),
                whole(TEXT, &text),
                close(1000, b""),
                whole(PING, b"late"),
            ],
            &["ERROR TOO_LARGE", "PONG 1"],
            CLEAN,
        ),
        Case::closed("7.3.1", vec![whole(CLOSE, b"")], &[], WITHOUT),
        Case::closed("7.3.2", vec![whole(CLOSE, b"\x03")], &[], BROKEN),
        Case::closed("7.3.3", vec![close(1000, b"")], &[], CLEAN),
        Case::closed("7.3.4", vec![close(1000, b"Hello World!")], &[], CLEAN),
        Case::closed("7.3.5", vec![close(1000, &[b'*'; 123])], &[], CLEAN),
        Case::closed("7.3.6", vec![close(1000, &[b'*'; 124])], &[], BROKEN),
        Case::closed(
            "7.5.1",
            vec![close(
                1000,
                b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
            )],
            &[],
            &[1007, 1002],
        ),
    ]
}

fn codes() -> Vec<Case> {
    let valid = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ];
    let invalid = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    let unknown = [5000, 65_535];
    let mut cases = Vec::new();
    for (place, code) in valid.into_iter().enumerate() {
        // Answered by its own code, or by the usual one.
        let codes: &'static [u16] = match code {
            1000 => CLEAN,
            1001 => &[1001, 1000],
            1002 => &[1002, 1000],
            1003 => &[1003, 1000],
            1007 => &[1007, 1000],
            1008 => &[1008, 1000],
            1009 => &[1009, 1000],
            1010 => &[1010, 1000],
            1011 => &[1011, 1000],
            3000 => &[3000, 1000],
            3999 => &[3999, 1000],
            4000 => &[4000, 1000],
            _ => &[4999, 1000],
        };
        let number = format!("7.7.{}", place + 1);
        cases.push(Case::closed(&number, vec![close(code, b"")], &[], codes));
    }
    for (section, codes) in [(9, &invalid[..]), (13, &unknown[..])] {
        for (place, code) in codes.iter().enumerate() {
            let number = format!("7.{section}.{}", place + 1);
            cases.push(Case::closed(&number, vec![close(*code, b"")], &[], BROKEN));
        }
    }
    cases
}

#[test]
fn after_a_close_nothing_is_said_and_a_broken_close_is_told() -> Result<()> {
    play_all(&order(), 13)
}

#[test]
fn close_codes_are_told_from_numbers_that_are_none() -> Result<()> {
    play_all(&codes(), 24)
}
