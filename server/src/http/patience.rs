//! Sockets that are not waited for: one that sends its request too slowly, or nothing more at all, is let go.
//!
//! A connection that carries a WebSocket is written to every few seconds, so it is never idle here; how long its client
//! may be silent is for the protocol to say.

use axum::serve::Listener;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The time from the accept to the end of the first request's head, a handshake's included.
const FIRST_REQUEST: Duration = Duration::from_secs(10);

/// The time after an answer within which the next request must have come.
const NEXT_REQUEST: Duration = Duration::from_secs(60);

/// A listener whose sockets are let go when nothing comes of them.
#[derive(Debug)]
pub struct Patient<L> {
    listener: L,
}

impl<L: Listener> Patient<L> {
    /// The sockets of `listener`.
    pub fn new(listener: L) -> Patient<L> {
        Patient { listener }
    }
}

impl<L: Listener> Listener for Patient<L> {
    type Io = PatientIo<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (PatientIo<L::Io>, L::Addr) {
        let (io, address) = self.listener.accept().await;
        (PatientIo::new(io), address)
    }

    fn local_addr(&self) -> io::Result<L::Addr> {
        self.listener.local_addr()
    }
}

/// A socket that fails to read when its time is over.
#[derive(Debug)]
pub struct PatientIo<T> {
    io: T,
    /// When reading is over, as of the last write.
    deadline: Instant,
    /// Rings at an earlier deadline or at this one.
    alarm: Pin<Box<Sleep>>,
}

impl<T> PatientIo<T> {
    fn new(io: T) -> PatientIo<T> {
        let deadline = Instant::now() + FIRST_REQUEST;
        PatientIo {
            io,
            deadline,
            alarm: Box::pin(sleep_until(deadline)),
        }
    }

    /// The socket itself.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.alarm.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            // Written to since: moving the alarm at each write would cost more than looking again.
            self.alarm.as_mut().reset(self.deadline);
        }
        Poll::Pending
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for PatientIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Its bytes do not buy it time: one a second would keep it for ever.
        if self.poll_alarm(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> PatientIo<T> {
    fn written(&mut self) {
        self.deadline = Instant::now() + NEXT_REQUEST;
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for PatientIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written();
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written();
        Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    fn pair() -> (PatientIo<DuplexStream>, DuplexStream) {
        let (near, far) = duplex(64);
        (PatientIo::new(near), far)
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_a_second_is_no_request_in_time() {
        let (mut io, mut far) = pair();
        let slow = tokio::spawn(async move {
            loop {
                if far.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let since = Instant::now();
        let mut buffer = [0; 8];
        let error = loop {
            match io.read(&mut buffer).await {
                Ok(read) => assert!(read > 0),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(since.elapsed().as_secs(), FIRST_REQUEST.as_secs());
        slow.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_to_is_kept_and_then_let_go_when_nothing_more_comes() {
        let (mut io, mut far) = pair();
        let mut buffer = [0; 8];
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_secs(9)).await;
            far.write_all(b"x").await.unwrap();
            assert_eq!(io.read(&mut buffer).await.unwrap(), 1);
            io.write_all(b"y").await.unwrap();
            far.read_exact(&mut buffer[..1]).await.unwrap();
        }
        let since = Instant::now();
        assert!(io.read(&mut buffer).await.is_err());
        assert_eq!(since.elapsed().as_secs(), NEXT_REQUEST.as_secs());
    }
}
