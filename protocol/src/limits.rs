//! Bounds and timers of a connection. They are configuration of the server and told to the client in its greeting.

use crate::topic::Topic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bounds and timers of one connection. What a server does not tell is taken to be the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Limits {
    /// Commands per second that a connection may send for long.
    pub commands_per_second: u32,
    /// Commands that it may send at once after a pause.
    pub command_burst: u32,
    /// Refused commands above the rate before the connection is closed; forgotten after a pause that lets a burst pass.
    pub rate_violations_max: u32,
    /// Topics that it may be subscribed to.
    pub topics_max: u32,
    /// Bytes of one frame that it may send.
    pub frame_bytes_max: u32,
    /// Candles of one answer.
    pub candles_max: u32,
    /// Rows of one answer: orders that are final, executions, alerts, lines of the log.
    pub rows_max: u32,
    /// A HEARTBEAT is sent this often.
    pub heartbeat_ms: u64,
    /// A client should take a connection for dead after this long without any frame.
    pub client_dead_ms: u64,
    /// The server takes a connection for dead after this long without any frame, pongs included.
    pub server_dead_ms: u64,
    /// State topics of one connection are sent at most this often; at once after a pause.
    pub state_interval_ms: u64,
    /// The same of some channels, by their names; at least what all have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channel_interval_ms: BTreeMap<String, u32>,
    /// A write that takes longer closes the connection.
    pub write_stall_ms: u64,
    /// The window that first reconnect delays are drawn from. It grows with the number of connections, so that those of
    /// a server that is gone do not come back all at once.
    pub reconnect_window_ms: u64,
    /// Commands per second that all connections of one user may send together for long; absent where that is not bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_commands_per_second: Option<u32>,
    /// Commands that they may send at once after a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_command_burst: Option<u32>,
    /// Connections that one user may have at once; absent where that is not bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_connections_max: Option<u32>,
    /// Connections per second that may be opened from the client's address for long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshakes_per_second: Option<u32>,
    /// Connections that may be opened from there at once after a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_burst: Option<u32>,
    /// Pings and pongs of the WebSocket itself that a connection may send per second for long; above it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pings_per_second: Option<u32>,
    /// The same at once after a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_burst: Option<u32>,
}

impl Limits {
    /// [`Limits::frame_bytes_max`], as lengths are counted.
    pub fn frame_len_max(&self) -> usize {
        usize::try_from(self.frame_bytes_max).unwrap_or(usize::MAX)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            commands_per_second: 20,
            command_burst: 60,
            rate_violations_max: 100,
            topics_max: 512,
            frame_bytes_max: 16 * 1024,
            candles_max: 500,
            rows_max: 1_000,
            heartbeat_ms: 5_000,
            client_dead_ms: 12_000,
            server_dead_ms: 20_000,
            state_interval_ms: 50,
            channel_interval_ms: BTreeMap::new(),
            write_stall_ms: 10_000,
            reconnect_window_ms: 250,
            user_commands_per_second: None,
            user_command_burst: None,
            user_connections_max: None,
            handshakes_per_second: None,
            handshake_burst: None,
            pings_per_second: None,
            ping_burst: None,
        }
    }
}

impl Limits {
    /// Milliseconds between two values of a state topic, where nobody asked for slower.
    pub fn interval_ms(&self, topic: Topic) -> u64 {
        let channel = self.channel_interval_ms.get(topic.channel());
        let of_channel = channel.copied().map_or(0, u64::from);
        self.state_interval_ms.max(of_channel)
    }
}
