//! What the black-box tests share: a desk of one's own (the real binary as a process), and the clients that talk to it:
//! a plain HTTP request, a WebSocket client that sees every frame as it came, a watcher that measures silence, a pump for
//! the client state machine of tickwire-protocol, a swarm of such clients, a proxy that cuts connections, and the clients of
//! older systems as processes of their own.
//!
//! Nothing here knows the inside of the server: scenarios see what a client sees.

pub mod binary;
pub mod cutter;
pub mod desk;
pub mod exact;
pub mod http;
pub mod journal;
pub mod metrics;
pub mod older;
pub mod order;
pub mod pump;
pub mod raw;
pub mod swarm;
pub mod trader;
pub mod trial;
pub mod users;
pub mod watcher;
pub mod wire;
