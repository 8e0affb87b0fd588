//! What the black-box tests share: a desk of one's own (the real binary as a process), and the clients that talk to it:
//! a plain HTTP request, a WebSocket client that sees every frame as it came, a watcher that measures silence, a pump for
//! the client state machine of tickwire-protocol, a swarm of such clients, a keeper that trades and keeps all that it is
//! told, proxies that cut connections and do worse, a load that lasts, and the clients of older systems as processes of
//! their own.
//!
//! Nothing here knows the inside of the server: scenarios see what a client sees.

pub mod binary;
pub mod cutter;
pub mod desk;
pub mod draw;
pub mod elsewhere;
pub mod exact;
pub mod faults;
pub mod http;
pub mod journal;
pub mod keeper;
pub mod metrics;
pub mod older;
pub mod order;
pub mod pump;
pub mod raw;
pub mod soak;
pub mod swarm;
pub mod trader;
pub mod trial;
pub mod users;
pub mod watcher;
pub mod wire;
