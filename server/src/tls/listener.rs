//! One listener for plain TCP and for TLS. Handshakes of TLS go on beside each other, so that a client that does not
//! finish its own holds up nobody.

use super::Tls;
use crate::http::patience::Patient;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

/// Handshakes of TLS under way at once; more wait in the system's own queue.
const HANDSHAKES_MAX: usize = 256;

/// A handshake that takes longer is given up.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A connection, encrypted or not.
#[derive(Debug)]
pub enum Stream {
    /// As it came.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Where connections come in.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Plain(TcpListener),
    Tls {
        shaken: mpsc::Receiver<(Stream, SocketAddr)>,
        shaking: JoinHandle<()>,
    },
}

impl Door {
    /// Takes connections in from `listener`; where there is a certificate, those that speak TLS and no others.
    pub fn open(listener: TcpListener, tls: Option<&Tls>) -> io::Result<Door> {
        let address = listener.local_addr()?;
        let way = match tls {
            None => Way::Plain(listener),
            Some(tls) => {
                let (sender, shaken) = mpsc::channel(1);
                let shaking = tokio::spawn(shake(listener, TlsAcceptor::from(tls.config()), sender));
                Way::Tls { shaken, shaking }
            }
        };
        Ok(Door { address, way })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Way::Tls { shaking, .. } = &self.way {
            shaking.abort();
        }
    }
}

impl Listener for Door {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match &mut self.way {
            Way::Plain(listener) => {
                let (stream, peer) = accept(listener).await;
                (Stream::Plain(stream), peer)
            }
            Way::Tls { shaken, .. } => match shaken.recv().await {
                Some(shaken) => shaken,
                // The task that shakes hands ends with this listener only.
                None => std::future::pending().await,
            },
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// The next connection, by axum's own rules for what fails.
async fn accept(listener: &mut TcpListener) -> (TcpStream, SocketAddr) {
    let (stream, peer) = Listener::accept(listener).await;
    // A frame is small and should leave at once, not wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        warn!(target: "tickwire::http", %error, "a connection keeps its delay");
    }
    (stream, peer)
}

/// Shakes hands with whoever comes, for ever.
async fn shake(mut listener: TcpListener, acceptor: TlsAcceptor, shaken: mpsc::Sender<(Stream, SocketAddr)>) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let (stream, peer) = accept(&mut listener).await;
        let (acceptor, shaken) = (acceptor.clone(), shaken.clone());
        tokio::spawn(async move {
            let _place = place;
            match timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    // Where nobody takes it any more the desk is going.
                    let _ = shaken.send((Stream::Tls(Box::new(stream)), peer)).await;
                }
                Ok(Err(error)) => debug!(target: "tickwire::http", %peer, %error, "no TLS handshake"),
                Err(_) => debug!(target: "tickwire::http", %peer, "a TLS handshake was not finished"),
            }
        });
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, Patient<Door>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Patient<Door>>) -> Peer {
        Peer(*stream.remote_addr())
    }
}
