//! The server's log over restarts: what was missed comes once and in order, and a file that cannot be used costs nobody
//! the log.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use serde_json::{Value, json};
use tickwire_tests::desk::Desk;
use tickwire_tests::wire::{Frame, Wire};

const GET_LOGS: &str = r#"{"action":"get_logs"}"#;

/// The epoch and a place in it.
type Place = (Value, u64);

fn file(desk: &Desk) -> PathBuf {
    desk.data_dir().join("logs.db")
}

/// The lines of an answer, newest first, and their place.
fn told(wire: &mut Wire) -> Result<(Place, Vec<String>)> {
    let told = wire.answer(GET_LOGS, "LOGS")?;
    let lines = told.json["lines"].as_array().context("a list of lines")?;
    let words = lines.iter().filter_map(|line| line["message"].as_str());
    Ok((
        (told.json["ep"].clone(), told.seq()),
        words.map(str::to_owned).collect(),
    ))
}

fn told_by(desk: &Desk) -> Result<(Place, Vec<String>)> {
    told(&mut Wire::connect(desk.address())?)
}

/// Waits until the log has such a line.
fn told_once(desk: &Desk, wanted: &str) -> Result<(Place, Vec<String>)> {
    told_when(desk, wanted, |words| {
        words.iter().any(|line| line.contains(wanted))
    })
}

fn told_when(desk: &Desk, what: &str, wanted: impl Fn(&[String]) -> bool) -> Result<(Place, Vec<String>)> {
    let mut wire = Wire::connect(desk.address())?;
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (place, words) = told(&mut wire)?;
        if wanted(&words) {
            return Ok((place, words));
        }
        ensure!(Instant::now() < deadline, "no {what} in {words:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn resume(wire: &mut Wire, (ep, seq): &Place) -> Result<()> {
    let place = json!([{"topic": "logs", "ep": ep, "seq": seq}]);
    wire.acked(&json!({"action": "subscribe", "topics": ["logs"], "resume": place}).to_string())?;
    Ok(())
}

/// The answer to a resume: RESUMED or RESET.
fn verdict(wire: &mut Wire, place: &Place) -> Result<Frame> {
    resume(wire, place)?;
    let is_verdict = |frame: &Frame| matches!(frame.kind(), "RESUMED" | "RESET");
    match wire.log.iter().find(|frame| is_verdict(frame)).cloned() {
        Some(frame) => Ok(frame),
        None => wire.wait_for("the answer to a resume", is_verdict),
    }
}

/// Lines that came, as they came.
fn lines(wire: &Wire) -> Vec<(u64, String)> {
    let lines = wire.log.iter().filter(|frame| frame.kind() == "SYSTEM_LOG");
    lines.map(|frame| (frame.seq(), frame.text.clone())).collect()
}

/// Two lines: one who comes and goes.
fn visit(desk: &Desk, witness: &mut Wire) -> Result<()> {
    Wire::connect(desk.address())?.cut();
    witness.wait_for("the end of a visit", |frame| {
        frame.kind() == "SYSTEM_LOG" && frame.text.contains("disconnected")
    })?;
    Ok(())
}

#[test]
fn what_was_missed_over_kills_comes_once_and_in_order() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut here = Wire::connect(desk.address())?;
    let (mut place, _) = told(&mut here)?;
    let mut all: Vec<(u64, String)> = Vec::new();
    for life in 0..3 {
        // One sees some of it and goes; another sees what comes then, up to the kill.
        let verdict = verdict(&mut here, &place)?;
        assert_eq!(verdict.kind(), "RESUMED", "{life}: {}", verdict.text);
        let upto = verdict.json["head"].as_u64().context("a head")?;
        while lines(&here).last().map_or(place.1, |line| line.0) < upto {
            here.wait_for_kind("SYSTEM_LOG")?;
        }
        visit(&desk, &mut here)?;
        let seen = lines(&here);
        let mut witness = Wire::connect(desk.address())?;
        resume(&mut witness, &place)?;
        here.cut();
        visit(&desk, &mut witness)?;
        visit(&desk, &mut witness)?;
        let witnessed = lines(&witness);
        assert!(witnessed.len() > seen.len(), "there is something to miss");
        assert_eq!(witnessed[..seen.len()], seen, "all are told the same");
        desk.kill()?;
        // What reached the socket before the kill counts, too.
        while witness.next_within(Duration::from_secs(5))?.is_some() {}
        let witnessed = lines(&witness);
        all.extend(seen.iter().cloned());
        place.1 = seen.last().context("something was seen")?.0;
        desk.restart()?;

        here = Wire::connect(desk.address())?;
        let verdict = self::verdict(&mut here, &place)?;
        assert_eq!(verdict.kind(), "RESUMED", "{life}: {}", verdict.text);
        assert_eq!(verdict.json["from"], place.1 + 1);
        let missed = &witnessed[seen.len()..];
        let last = missed.last().context("something was missed")?.0;
        while lines(&here).last().is_none_or(|line| line.0 < last) {
            here.wait_for_kind("SYSTEM_LOG")?;
        }
        let got = lines(&here);
        assert_eq!(got[..missed.len()], *missed, "what was missed, to the letter");
        all.extend(got.iter().cloned());
        place.1 = got.last().context("something came")?.0;
        here.cut();
        here = Wire::connect(desk.address())?;
    }
    let places: Vec<u64> = all.iter().map(|line| line.0).collect();
    let expected: Vec<u64> = (places[0]..).take(places.len()).collect();
    assert_eq!(
        places, expected,
        "nothing twice and nothing missing, over all lives"
    );
    Ok(())
}

#[test]
fn a_shutdown_s_last_line_is_kept_and_earlier_lives_are_shown() -> Result<()> {
    let mut desk = Desk::start()?;
    let (before, _) = told_by(&desk)?;
    desk.signal("TERM")?;
    ensure!(
        desk.ended(Duration::from_secs(15))?.success(),
        "it stops in good order"
    );
    desk.restart()?;
    // As it is told to each client, sooner or later: the start of the second life is a line of its own.
    let (after, words) = told_when(&desk, "the second start", |words| {
        words.iter().filter(|line| line.starts_with("starting")).count() == 2
    })?;
    assert_eq!(after.0, before.0, "the same history");
    assert!(after.1 > before.1);
    let at = |wanted: &str| words.iter().position(|line| line == wanted);
    let (shutting, stopped) = (at("shutting down"), at("stopped"));
    assert!(stopped.is_some() && stopped < shutting, "newest first: {words:?}");
    Ok(())
}

#[test]
fn lines_beyond_those_at_hand_come_out_of_the_file() -> Result<()> {
    let mut desk = Desk::start()?;
    let (place, _) = told_by(&desk)?;
    desk.signal("TERM")?;
    ensure!(
        desk.ended(Duration::from_secs(15))?.success(),
        "it stops in good order"
    );
    let database = Connection::open(file(&desk))?;
    let head: i64 = database.query_row("SELECT max(seq) FROM lines", [], |row| row.get(0))?;
    let head = u64::try_from(head)?;
    database.execute_batch(
        "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 6000)
         INSERT INTO lines SELECT (SELECT max(seq) FROM lines) + n, 1700000000000 + n, 'ERROR', 'engine', 'more ' || n FROM more",
    )?;
    drop(database);
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let verdict = verdict(&mut wire, &place)?;
    assert_eq!(verdict.kind(), "RESUMED", "{}", verdict.text);
    wire.wait_within(Duration::from_secs(60), "the last of them", |frame| {
        frame.seq() == head + 6_000 && frame.kind() == "SYSTEM_LOG"
    })?;
    let got = lines(&wire);
    let expected: Vec<u64> = (place.1 + 1..=head + 6_000).collect();
    let places: Vec<u64> = got.iter().map(|line| line.0).collect();
    assert_eq!(places[..expected.len()], expected);
    assert!(got[usize::try_from(head - place.1)?].1.contains("more 1\""));
    Ok(())
}

#[test]
fn a_damaged_file_is_put_aside_and_told() -> Result<()> {
    let mut desk = Desk::start()?;
    let (place, _) = told_by(&desk)?;
    desk.kill()?;
    let bytes = std::fs::metadata(file(&desk))?.len().max(5_000);
    std::fs::write(file(&desk), vec![0xa5; usize::try_from(bytes)?])?;
    // What it has of the pages would mend them.
    std::fs::write(desk.data_dir().join("logs.db-wal"), "")?;
    desk.restart()?;
    let (now, _) = told_once(&desk, "put aside as logs.db.damaged")?;
    assert_ne!(now.0, place.0);
    assert!(desk.data_dir().join("logs.db.damaged").exists());
    let mut wire = Wire::connect(desk.address())?;
    let reset = verdict(&mut wire, &place)?;
    assert_eq!((reset.kind(), &reset.json["reason"]), ("RESET", &json!("EPOCH")));
    desk.kill_and_restart()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(verdict(&mut wire, &now)?.kind(), "RESUMED", "the new one is kept");
    Ok(())
}

#[test]
fn an_older_file_put_back_is_another_history() -> Result<()> {
    let mut desk = Desk::start()?;
    let stop = |desk: &mut Desk| -> Result<()> {
        desk.signal("TERM")?;
        ensure!(
            desk.ended(Duration::from_secs(15))?.success(),
            "it stops in good order"
        );
        Ok(())
    };
    stop(&mut desk)?;
    let copy = std::fs::read(file(&desk))?;
    desk.restart()?;
    let (place, _) = told_once(&desk, "starting")?;
    stop(&mut desk)?;
    std::fs::write(file(&desk), copy)?;
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let reset = verdict(&mut wire, &place)?;
    assert_eq!((reset.kind(), &reset.json["reason"]), ("RESET", &json!("EPOCH")));
    assert_eq!(reset.topic(), "logs");
    let snapshot = wire.wait_for_kind("LOGS").or_else(|_| {
        let found = wire.log.iter().find(|frame| frame.kind() == "LOGS").cloned();
        found.context("LOGS came")
    })?;
    assert_eq!(snapshot.json["ep"], reset.json["ep"]);
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_the_log_goes_on() -> Result<()> {
    let mut desk = Desk::start()?;
    let (place, _) = told_by(&desk)?;
    desk.kill()?;
    for name in ["logs.db", "logs.db-wal", "logs.db-shm"] {
        let path = desk.data_dir().join(name);
        ensure!(
            !path.exists() || std::fs::remove_file(&path).is_ok(),
            "{name} is gone"
        );
    }
    std::fs::create_dir(file(&desk))?;
    desk.restart()?;
    let (without, words) = told_once(&desk, "the log is not kept")?;
    let line = words.iter().find(|line| line.contains("the log is not kept"));
    let line = line.context("it is told")?;
    assert!(line.contains("logs.db"), "it says which file: {line}");
    assert!(
        desk.words().contains("the log is not kept"),
        "the operator is told, too"
    );
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(verdict(&mut wire, &place)?.json["reason"], "EPOCH");
    visit(&desk, &mut wire)?;
    let (_, words) = told(&mut wire)?;
    let said = words
        .iter()
        .filter(|line| line.contains("the log is not kept"))
        .count();
    assert_eq!(said, 1, "once");
    // What nobody kept is gone with the process, and that is told.
    desk.kill()?;
    std::fs::remove_dir(file(&desk))?;
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(verdict(&mut wire, &without)?.json["reason"], "EPOCH");
    Ok(())
}

#[test]
fn a_write_that_fails_is_told_to_those_who_follow_and_no_place_is_given_twice() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let (place, _) = told(&mut wire)?;
    assert_eq!(verdict(&mut wire, &place)?.kind(), "RESUMED");
    visit(&desk, &mut wire)?;
    let kept = lines(&wire);
    let last = (place.0.clone(), kept.last().context("a line")?.0);

    let blocker = Connection::open(file(&desk))?;
    blocker.busy_timeout(Duration::from_secs(5))?;
    blocker.execute_batch("BEGIN IMMEDIATE")?;
    Wire::connect(desk.address())?.cut();
    let reset = wire.wait_within(Duration::from_secs(20), "RESET", |frame| frame.kind() == "RESET")?;
    assert_eq!((&reset.json["reason"], reset.topic()), (&json!("EPOCH"), "logs"));
    assert_ne!(reset.json["ep"], place.0);
    wire.wait_within(Duration::from_secs(20), "the line that says it", |frame| {
        matches!(frame.kind(), "SYSTEM_LOG" | "LOGS") && frame.text.contains("the log is kept no longer")
    })?;
    visit(&desk, &mut wire)?;
    let (unkept, words) = told(&mut wire)?;
    let said = words
        .iter()
        .filter(|line| line.contains("kept no longer"))
        .count();
    assert_eq!(said, 1, "once: {words:?}");
    desk.kill()?;
    drop(blocker);

    // The history on disk goes on after the last line that it has; the other one ended with the process.
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let resumed = verdict(&mut wire, &last)?;
    assert_eq!(resumed.kind(), "RESUMED", "{}", resumed.text);
    wire.wait_for("the next life's first line", |frame| frame.seq() == last.1 + 1)?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(verdict(&mut wire, &unkept)?.json["reason"], "EPOCH");
    Ok(())
}
