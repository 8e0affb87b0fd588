//! Clients of other addresses: all of 127.0.0.0/8 is this machine, and each of them is a network of its own to the desk.

use std::net::{SocketAddr, TcpStream};

use anyhow::Result;

/// An address that no other client has.
pub const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

/// A connection that comes from there.
pub fn connect(from: [u8; 4], to: SocketAddr) -> Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        socket.connect(to).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}
