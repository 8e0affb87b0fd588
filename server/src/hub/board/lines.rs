//! The server's log on the board: everybody's, and in a history of its own, which is not the journal's.

use super::{BoardState, BoardView};
use crate::hub::Hub;
use crate::hub::log::Log;
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::log::LogLine;
use tickwire_protocol::message::{Body, Data, Logs};
use tickwire_protocol::topic::Topic;

/// Where the topic's lines are in the logs of the board.
const LINES: (Option<tickwire_protocol::id::AccountId>, Topic) = (None, Topic::Logs);

impl BoardState {
    /// Adds the next line.
    pub fn add_line(&mut self, seq: Seq, line: LogLine) {
        let timestamp = line.timestamp;
        let body = Body::SystemLog(Data { data: line });
        self.push(None, Topic::Logs, seq, timestamp, body);
    }

    /// Has the topic be these lines, in this history. Lines after `floor` can be had from elsewhere.
    fn begin_lines(&mut self, epoch: Epoch, floor: Option<Seq>, lines: Vec<(Seq, LogLine)>) {
        self.lines_epoch = epoch;
        self.lines_floor = floor;
        self.logs.remove(&LINES);
        for (seq, line) in lines {
            self.add_line(seq, line);
        }
    }

    /// The lines at hand and their places, oldest first.
    fn lines(&self) -> Vec<(Seq, LogLine)> {
        let newest = self.logs.get(&LINES).into_iter().flat_map(Log::newest);
        let mut lines: Vec<_> = newest
            .filter_map(|frame| Some((frame.message().head.seq?, line(frame)?.clone())))
            .collect();
        lines.reverse();
        lines
    }
}

impl BoardView<'_> {
    /// Whether every line after a place can be had from elsewhere.
    pub(super) fn keeps_lines(&self, after: Seq) -> bool {
        let head = self.state.logs.get(&LINES).map_or(Seq(0), Log::head);
        self.state
            .lines_floor
            .is_some_and(|floor| (floor..=head).contains(&after))
    }

    /// The last `rows` lines of the server's log, as a page is born with them.
    pub fn recent_lines(&self, rows: usize) -> Arc<Frame> {
        let newest = self.state.logs.get(&LINES).into_iter().flat_map(Log::newest);
        let lines: Vec<LogLine> = newest
            .take(rows)
            .filter_map(|frame| line(frame).cloned())
            .collect();
        let timestamp = lines.first().map_or(TimestampMs(0), |line| line.timestamp);
        self.as_of(Topic::Logs, timestamp, Body::Logs(Logs { lines }))
    }
}

impl Hub {
    /// Has the server's log begin with these lines, in this history. Those after `floor` that are not among them can be
    /// had from the archive; `None` where no other can.
    pub fn begin_lines(&self, epoch: Epoch, floor: Option<Seq>, lines: Vec<(Seq, LogLine)>) {
        self.write().begin_lines(epoch, floor, lines);
    }

    /// The lines at hand go on in another history, at the same places. Whoever follows them is told so with the next line.
    pub fn rename_lines(&self, epoch: Epoch) {
        let mut board = self.write();
        let lines = board.lines();
        board.begin_lines(epoch, None, lines);
    }

    /// Lines up to this place are kept no longer; `None` where none but those at hand is.
    pub fn set_lines_floor(&self, floor: Option<Seq>) {
        self.write().lines_floor = floor;
    }

    /// The lines at hand and their places, oldest first.
    pub fn lines(&self) -> Vec<(Seq, LogLine)> {
        self.read().lines()
    }

    /// The history of the server's log.
    pub(in crate::hub) fn lines_epoch(&self) -> Epoch {
        self.read().lines_epoch
    }
}

fn line(frame: &Frame) -> Option<&LogLine> {
    match &frame.message().body {
        Body::SystemLog(line) => Some(&line.data),
        _ => None,
    }
}
