//! A TCP stream that gives up on a peer that stalls, where hyper would wait.
//!
//! hyper has one timer for both waiting for a request and reading its head. A connection may rest much longer than a head may
//! take, so that timer measures the rest, and this stream the head: from the connection's first moment, or a later request's
//! first byte. It also ends a write the peer does not take in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Counts beginnings and ends of answers: odd while one is being made.
#[derive(Clone, Default)]
pub(super) struct Phase(Arc<AtomicU32>);

impl Phase {
    /// A head has been read, or its request has been answered.
    pub(super) fn turn_over(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(super) struct PatientStream {
    tcp: TcpStream,
    phase: Phase,
    phase_seen: u32,
    patience: Duration,
    head: Option<Pin<Box<Sleep>>>,
    write: Option<Pin<Box<Sleep>>>,
}

impl PatientStream {
    pub(super) fn new(tcp: TcpStream, phase: Phase, patience: Duration) -> Self {
        let phase_seen = phase.count();
        Self { tcp, phase, phase_seen, patience, head: Some(deadline(patience)), write: None }
    }

    pub(super) fn into_tcp(self) -> TcpStream {
        self.tcp
    }

    fn settle_write<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.write = None;
            return result;
        }
        let patience = self.patience;
        ready!(self.write.get_or_insert_with(|| deadline(patience)).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not take the answer in")))
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let phase = this.phase.count();
        if phase != this.phase_seen {
            this.phase_seen = phase;
            this.head = None;
        }
        if let Some(head) = &mut this.head
            && head.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request's head does not end")));
        }
        let answering = phase % 2 == 1;
        let filled_before = buf.filled().len();
        let result = Pin::new(&mut this.tcp).poll_read(cx, buf);
        if !answering && this.head.is_none() && buf.filled().len() > filled_before {
            this.head = Some(deadline(this.patience));
        }
        result
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write(cx, buf);
        self.settle_write(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        self.settle_write(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

fn deadline(patience: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + patience))
}
