//! One listener for plain TCP and for TLS. Each socket is counted from its accept to its end, and one too many is closed.
//!
//! Handshakes of TLS go on beside each other, so that a client that does not finish its own holds up nobody: the bound
//! is that of sockets, and within it each network waits for itself alone.

use super::Tls;
use crate::http::patience::Patient;
use crate::walls::{Crowd, Place};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{debug, warn};

/// A handshake of TLS that takes longer from the accept on is given up, as clients do.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// A connection, encrypted or not, and its place among all.
#[derive(Debug)]
pub enum Stream {
    /// As it came.
    Plain(TcpStream, Place),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>, Place),
}

/// Where connections come in.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Plain(TcpListener, Crowd),
    Tls {
        shaken: mpsc::Receiver<(Stream, SocketAddr)>,
        shaking: JoinHandle<()>,
    },
}

impl Door {
    /// Takes connections in from `listener` as far as `crowd` has room; where there is a certificate, those that speak TLS
    /// and no others.
    pub fn open(listener: TcpListener, tls: Option<&Tls>, crowd: Crowd) -> io::Result<Door> {
        let address = listener.local_addr()?;
        let way = match tls {
            None => Way::Plain(listener, crowd),
            Some(tls) => {
                let (sender, shaken) = mpsc::channel(1);
                let shaking = tokio::spawn(shake(
                    listener,
                    crowd,
                    TlsAcceptor::from(tls.config()),
                    HANDSHAKE_MAX,
                    sender,
                ));
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
            Way::Plain(listener, crowd) => {
                let (stream, peer, place) = accept(listener, crowd).await;
                (Stream::Plain(stream, place), peer)
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

/// The next connection that there is room for, by axum's own rules for what fails.
async fn accept<L>(listener: &mut L, crowd: &Crowd) -> (TcpStream, SocketAddr, Place)
where
    L: Listener<Io = TcpStream, Addr = SocketAddr>,
{
    loop {
        let (stream, peer) = Listener::accept(listener).await;
        let Some(place) = crowd.enter(peer.ip()) else {
            continue;
        };
        // A frame is small and should leave at once, not wait for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            warn!(target: "tickwire::http", %error, "a connection keeps its delay");
        }
        return (stream, peer, place);
    }
}

/// Shakes hands with whoever comes, for ever, and with each of them for so long at most.
async fn shake<L>(
    mut listener: L,
    crowd: Crowd,
    acceptor: TlsAcceptor,
    patience: Duration,
    shaken: mpsc::Sender<(Stream, SocketAddr)>,
) where
    L: Listener<Io = TcpStream, Addr = SocketAddr>,
{
    loop {
        let (stream, peer, place) = accept(&mut listener, &crowd).await;
        let (acceptor, shaken) = (acceptor.clone(), shaken.clone());
        tokio::spawn(async move {
            let handshake = async {
                let _turn = place.turn().await;
                acceptor.accept(stream).await
            };
            match timeout(patience, handshake).await {
                Ok(Ok(stream)) => {
                    // Where nobody takes it any more the desk is going.
                    let _ = shaken.send((Stream::Tls(Box::new(stream), place), peer)).await;
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
            Stream::Plain(stream, _) => Pin::new(stream).poll_read(context, into),
            Stream::Tls(stream, _) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream, _) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream, _) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream, _) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream, _) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream, _) => stream.is_write_vectored(),
            Stream::Tls(stream, _) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream, _) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream, _) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream, _) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream, _) => Pin::new(stream).poll_shutdown(context),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::tls::tests::pair;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;
    use tokio::net::TcpSocket;
    use tokio_rustls::TlsConnector;

    /// Takes those who come from 127.0.N.1 for strangers, 192.0.2.N.
    struct Abroad(TcpListener);

    impl Listener for Abroad {
        type Io = TcpStream;
        type Addr = SocketAddr;

        async fn accept(&mut self) -> (TcpStream, SocketAddr) {
            let (stream, mut peer) = Listener::accept(&mut self.0).await;
            if let IpAddr::V4(near) = peer.ip()
                && near.octets()[2] > 0
            {
                peer.set_ip(Ipv4Addr::new(192, 0, 2, near.octets()[2]).into());
            }
            (stream, peer)
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            self.0.local_addr()
        }
    }

    /// A connection of the stranger of this number.
    async fn come(number: u8, to: SocketAddr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, number, 1], 0))).unwrap();
        socket.connect(to).await.unwrap()
    }

    /// A desk that shakes hands, and a client's side of that.
    struct Hall {
        address: SocketAddr,
        connector: TlsConnector,
        shaken: mpsc::Receiver<(Stream, SocketAddr)>,
        shaking: JoinHandle<()>,
    }

    impl Hall {
        async fn open(patience: Duration) -> Hall {
            let pair = pair((2020, 4096));
            let tls = Tls::load(&pair.files).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let crowd = Crowd::new(600, Vec::new(), Metrics::default());
            let (sender, shaken) = mpsc::channel(1);
            let acceptor = TlsAcceptor::from(tls.config());
            let shaking = tokio::spawn(shake(Abroad(listener), crowd, acceptor, patience, sender));
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_file(&pair.files.cert).unwrap())
                .unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            Hall {
                address,
                connector: TlsConnector::from(Arc::new(config)),
                shaken,
                shaking,
            }
        }

        /// Who is let in as the stranger of this number, where that is done in time.
        async fn greet(&mut self, number: u8, within: Duration) -> Option<IpAddr> {
            let name = ServerName::try_from("localhost").unwrap();
            let greeted = async {
                let stream = come(number, self.address).await;
                let _tls = self.connector.connect(name, stream).await.unwrap();
                self.shaken.recv().await.unwrap().1.ip()
            };
            timeout(within, greeted).await.ok()
        }
    }

    impl Drop for Hall {
        fn drop(&mut self) {
            self.shaking.abort();
        }
    }

    /// Long enough for any machine.
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn networks_that_say_nothing_hold_up_themselves_alone() {
        let mut hall = Hall::open(LONG * 10).await;
        let mut silent = Vec::new();
        for _ in 0..60 {
            for number in 1..=7 {
                silent.push(come(number, hall.address).await);
            }
        }
        let other = IpAddr::from([192, 0, 2, 8]);
        assert_eq!(hall.greet(8, LONG).await, Some(other));
        assert_eq!(hall.greet(0, LONG).await, Some(Ipv4Addr::LOCALHOST.into()));
        let in_line = hall.greet(1, Duration::from_millis(500)).await;
        assert_eq!(in_line, None, "it stands in line behind itself");
        drop(silent);
        let first = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(
            hall.greet(1, LONG).await,
            Some(first),
            "those before it have gone"
        );
    }

    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        use tokio::io::AsyncReadExt as _;
        let hall = Hall::open(Duration::from_millis(50)).await;
        for number in [1, 0] {
            let mut silent = come(number, hall.address).await;
            let ended = timeout(LONG, silent.read(&mut [0])).await.expect("it ends");
            assert_eq!(ended.unwrap_or(0), 0);
        }
    }

    #[tokio::test]
    async fn one_socket_too_many_is_closed_and_room_is_made_by_those_that_go() {
        use tokio::io::AsyncReadExt as _;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut door = Door::open(listener, None, Crowd::new(2, Vec::new(), Metrics::default())).unwrap();
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let (first, _) = door.accept().await;
        let (_second, _) = door.accept().await;
        let one_more = tokio::spawn(async move { door.accept().await.0 });
        let mut byte = [0];
        assert_eq!(clients[2].read(&mut byte).await.unwrap_or(0), 0, "closed at once");
        drop(first);
        let _fourth = TcpStream::connect(address).await.unwrap();
        one_more.await.unwrap();
    }
}
