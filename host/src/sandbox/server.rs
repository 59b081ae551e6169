//! The accept loop and the way of a request. Plain hyper, because faults reach down to the TCP connection.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer::{AnswerBody, Dropped, ResetSwitch};
use super::{Shared, api, control};

/// How long requests under way may take to end once shutdown has begun; those that hang on order never would.
const DRAIN: Duration = Duration::from_secs(1);
/// After an accept failed (usually no file descriptor was left), so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a body was not read.
#[derive(Debug)]
pub(super) enum BodyError {
    TooLarge,
    /// The client went away.
    Broken,
}

/// Serves until `shutdown`, then ends connections and deliveries.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, shutdown: impl Future<Output = ()>) {
    let stop = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&shared), stop.clone()))),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    drop(listener);
    stop.cancel();
    shared.state().listeners.close();
    shared.sender.stop().await;
    shared.hooks.stop().await;
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, stop: CancellationToken) {
    // Without it small answers would wait for acknowledgements. Failing to set it costs only speed.
    stream.set_nodelay(true).ok();
    let switch = ResetSwitch::default();
    let wire = Wire { stream, switch: switch.clone() };
    let answer = service_fn(|request| route(&shared, &switch, request));
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(wire), answer);
    let mut connection = pin!(connection);
    // A connection ends in an error when the client leaves or when a fault was ordered; neither is news.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await.ok();
        }
    }
}

async fn route(
    shared: &Arc<Shared>,
    switch: &ResetSwitch,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Dropped> {
    let path = request.uri().path();
    if path == "/" || path == "/favicon.ico" || path == "/sandbox" || path.starts_with("/sandbox/") {
        control::answer(shared, request).await
    } else {
        api::answer(shared, switch, request).await
    }
}

/// The whole body, copied out of the connection's buffer.
pub(super) async fn read_body(mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
    let announced = body.size_hint().lower();
    if announced > bytes_max as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut whole = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(frame) = frame else { return Ok(whole) };
        let data: Bytes = frame.map_err(|_| BodyError::Broken)?.into_data().unwrap_or_default();
        if whole.len() + data.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
}

/// A TCP stream that ends with a reset where that was ordered.
struct Wire {
    stream: TcpStream,
    switch: ResetSwitch,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.switch.is_set() {
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Shutting down would say goodbye politely before the reset.
        if self.switch.is_set() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
