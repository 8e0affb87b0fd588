//! Sections 1 to 5 and 10: sizes, pings and pongs, reserved bits and opcodes, fragmentation; and masks.

use anyhow::Result;
use tickwire_tests::raw::opcode::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use tickwire_tests::raw::{Shape, bytes, part, whole};

use super::{Case, chopped, ping, ping_of, play_all};

/// What breaks the protocol.
const BROKEN: &[u16] = &[1002];

/// Within this a command is read, beyond it is refused.
const FRAME_BYTES_MAX: usize = 16 * 1024;

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    let sizes = [0, 125, 126, 127, 128, 65_535, 65_536];
    for (place, size) in sizes.into_iter().enumerate() {
        let number = |section: u32| format!("1.{section}.{}", place + 1);
        let (text, answer) = match size {
            0 => (Vec::new(), "ERROR BAD_JSON"),
            size if size <= FRAME_BYTES_MAX => (ping_of(1, size), "PONG 1"),
            size => (ping_of(1, size), "ERROR TOO_LARGE"),
        };
        cases.push(Case::lives(&number(1), vec![whole(TEXT, &text)], &[answer]));
        let binary = whole(BINARY, &vec![0xFE; size]);
        cases.push(Case::lives(&number(2), vec![binary], &["ERROR BAD_FRAME"]));
    }
    // The largest command, and one byte more.
    for (number, more, answer) in [("1.1.9", 0, "PONG 1"), ("1.1.10", 1, "ERROR TOO_LARGE")] {
        let text = ping_of(1, FRAME_BYTES_MAX + more);
        cases.push(Case::lives(number, vec![whole(TEXT, &text)], &[answer]));
    }
    let text = chopped(&whole(TEXT, &ping_of(1, 65_536)), 997);
    cases.push(Case::lives("1.1.8", text, &["ERROR TOO_LARGE"]));
    let binary = chopped(&whole(BINARY, &vec![0xFE; 65_536]), 997);
    cases.push(Case::lives("1.2.8", binary, &["ERROR BAD_FRAME"]));
    cases
}

fn hex(payload: &[u8]) -> String {
    payload.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pings() -> Vec<Case> {
    let long = [0xFE; 125];
    let answered = |number: &str, payload: &[u8], length: usize| {
        let answer = format!("pong:{}", hex(payload));
        Case::lives(number, chopped(&whole(PING, payload), length), &[&answer])
    };
    let tens: Vec<Vec<u8>> = (0..10_u8)
        .map(|n| whole(PING, format!("payload-{n}").as_bytes()))
        .collect();
    let ten_answers: Vec<String> = (0..10)
        .map(|n| format!("pong:{}", hex(format!("payload-{n}").as_bytes())))
        .collect();
    let ten_answers: Vec<&str> = ten_answers.iter().map(String::as_str).collect();
    vec![
        answered("2.1", b"", 999),
        answered("2.2", b"Hello, world!", 999),
        answered("2.3", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 999),
        answered("2.4", &long, 999),
        Case::closed("2.5", vec![whole(PING, &[0xFE; 126])], &[], BROKEN),
        answered("2.6", &long, 1),
        Case::lives("2.7", vec![whole(PONG, b"")], &[]),
        Case::lives("2.8", vec![whole(PONG, b"unsolicited pong payload")], &[]),
        Case::lives(
            "2.9",
            vec![whole(PONG, b"unsolicited"), whole(PING, b"ping payload")],
            &[&format!("pong:{}", hex(b"ping payload"))],
        ),
        Case::lives("2.10", tens.clone(), &ten_answers),
        Case::lives("2.11", chopped(&tens.concat(), 1), &ten_answers),
        Case::closed("2.12", vec![whole(PONG, &[0xFE; 126])], &[], BROKEN),
    ]
}

fn reserved() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..8_u8 {
        let opcode = [TEXT, TEXT, TEXT, TEXT, BINARY, PING, CLOSE][usize::from(bits - 1)];
        let spoilt = bytes(
            Shape {
                first: 0x80 | bits << 4 | opcode,
                masked: true,
            },
            if opcode == CLOSE { b"\x03\xe8" } else { b"{}" },
        );
        let number = format!("3.{bits}");
        cases.push(match bits {
            1 => Case::closed(&number, vec![spoilt], &[], BROKEN),
            // What came before is answered, what comes after is not.
            3 => {
                let all = [whole(TEXT, &ping(1, "")), spoilt, whole(PING, b"")].concat();
                Case::closed(&number, chopped(&all, 7), &["PONG 1"], BROKEN)
            }
            4 => {
                let all = [whole(TEXT, &ping(1, "")), spoilt, whole(PING, b"")].concat();
                Case::closed(&number, chopped(&all, 1), &["PONG 1"], BROKEN)
            }
            _ => {
                let writes = vec![whole(TEXT, &ping(1, "")), spoilt, whole(PING, b"")];
                Case::closed(&number, writes, &["PONG 1"], BROKEN)
            }
        });
    }
    for (section, first) in [(1, 3_u8), (2, 11)] {
        for place in 0..5_u8 {
            let number = format!("4.{section}.{}", place + 1);
            let payload: &[u8] = if place.is_multiple_of(2) { b"" } else { b"reserved" };
            let spoilt = whole(first + place, payload);
            cases.push(match place {
                0 | 1 => Case::closed(&number, vec![spoilt], &[], BROKEN),
                _ => {
                    let writes = vec![whole(TEXT, &ping(1, "")), spoilt, whole(PING, b"")];
                    Case::closed(&number, writes, &["PONG 1"], BROKEN)
                }
            });
        }
    }
    cases
}

fn fragments() -> Vec<Case> {
    let text = ping(1, "fragment1fragment2");
    let (head, tail) = text.split_at(30);
    let (first, last) = (part(TEXT, head), whole(CONTINUATION, tail));
    let two = [first.clone(), last.clone()].concat();
    let between = [first.clone(), whole(PING, b"ping payload"), last.clone()].concat();
    let pong = format!("pong:{}", hex(b"ping payload"));
    let pong = pong.as_str();
    let alone_last = [
        whole(CONTINUATION, b"non-continuation payload"),
        whole(TEXT, &ping(1, "")),
    ];
    let alone_part = [
        part(CONTINUATION, b"non-continuation payload"),
        whole(TEXT, &ping(1, "")),
    ];
    let thirds: Vec<&[u8]> = text.chunks(text.len().div_ceil(5)).collect();
    let five = vec![
        part(TEXT, thirds[0]),
        part(CONTINUATION, thirds[1]),
        whole(PING, b"pongme 1"),
        part(CONTINUATION, thirds[2]),
        part(CONTINUATION, thirds[3]),
        whole(PING, b"pongme 2"),
        whole(CONTINUATION, thirds[4]),
    ];
    let (one, other) = (
        format!("pong:{}", hex(b"pongme 1")),
        format!("pong:{}", hex(b"pongme 2")),
    );
    let five_answers = [one.as_str(), other.as_str(), "PONG 1"];
    vec![
        Case::closed(
            "5.1",
            vec![part(PING, b"frag"), whole(CONTINUATION, b"ment")],
            &[],
            BROKEN,
        ),
        Case::closed(
            "5.2",
            vec![part(PONG, b"frag"), whole(CONTINUATION, b"ment")],
            &[],
            BROKEN,
        ),
        Case::lives("5.3", vec![first.clone(), last.clone()], &["PONG 1"]),
        Case::lives("5.4", vec![two.clone()], &["PONG 1"]),
        Case::lives("5.5", chopped(&two, 1), &["PONG 1"]),
        Case::lives(
            "5.6",
            vec![first.clone(), whole(PING, b"ping payload"), last.clone()],
            &[pong, "PONG 1"],
        ),
        Case::lives("5.7", vec![between.clone()], &[pong, "PONG 1"]),
        Case::lives("5.8", chopped(&between, 1), &[pong, "PONG 1"]),
        Case::closed("5.9", alone_last.to_vec(), &[], BROKEN),
        Case::closed("5.10", vec![alone_last.concat()], &[], BROKEN),
        Case::closed("5.11", chopped(&alone_last.concat(), 1), &[], BROKEN),
        Case::closed("5.12", alone_part.to_vec(), &[], BROKEN),
        Case::closed("5.13", vec![alone_part.concat()], &[], BROKEN),
        Case::closed("5.14", chopped(&alone_part.concat(), 1), &[], BROKEN),
        Case::closed(
            "5.15",
            vec![
                first.clone(),
                last.clone(),
                part(CONTINUATION, b"fragment3"),
                whole(TEXT, &ping(2, "")),
            ],
            &["PONG 1"],
            BROKEN,
        ),
        Case::closed(
            "5.16",
            vec![part(CONTINUATION, b"fragment1"), first.clone(), last.clone()],
            &[],
            BROKEN,
        ),
        Case::closed(
            "5.17",
            vec![whole(CONTINUATION, b"fragment1"), first.clone(), last],
            &[],
            BROKEN,
        ),
        Case::closed("5.18", vec![first, whole(TEXT, tail)], &[], BROKEN),
        Case::lives("5.19", five.clone(), &five_answers),
        Case::lives("5.20", chopped(&five.concat(), 3), &five_answers),
    ]
}

/// A message in many small pieces is as large as it is.
fn many_pieces() -> Case {
    let text = ping_of(1, 65_536);
    let last = text.len() / 1_300;
    let pieces = text.chunks(1_300).enumerate().map(|(place, piece)| match place {
        0 => part(TEXT, piece),
        place if place == last => whole(CONTINUATION, piece),
        _ => part(CONTINUATION, piece),
    });
    Case::lives("10.1.1", pieces.collect(), &["ERROR TOO_LARGE"])
}

fn masks() -> Vec<Case> {
    let unmasked = |first, payload: &[u8]| bytes(Shape { first, masked: false }, payload);
    let cases = [
        ("M.1", TEXT, &b"{}"[..]),
        ("M.2", BINARY, b"\x00"),
        ("M.3", PING, b"x"),
        ("M.4", PONG, b""),
        ("M.5", CLOSE, b"\x03\xe8"),
    ];
    let mut cases: Vec<Case> = cases
        .into_iter()
        .map(|(number, opcode, payload)| {
            Case::closed(number, vec![unmasked(0x80 | opcode, payload)], &[], BROKEN)
        })
        .collect();
    let text = ping(1, "");
    let (head, tail) = text.split_at(9);
    cases.push(Case::closed(
        "M.6",
        vec![part(TEXT, head), unmasked(0x80, tail)],
        &[],
        BROKEN,
    ));
    cases
}

#[test]
fn messages_of_every_size_are_answered() -> Result<()> {
    let mut cases = sizes();
    cases.push(many_pieces());
    play_all(&cases, 19)
}

#[test]
fn pings_are_answered_by_their_payload_and_pongs_by_nothing() -> Result<()> {
    play_all(&pings(), 12)
}

#[test]
fn reserved_bits_and_opcodes_and_frames_without_a_mask_break_the_protocol() -> Result<()> {
    let mut cases = reserved();
    cases.extend(masks());
    play_all(&cases, 23)
}

#[test]
fn messages_may_come_in_pieces_and_control_frames_may_not() -> Result<()> {
    play_all(&fragments(), 20)
}
