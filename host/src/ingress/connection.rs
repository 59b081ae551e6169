//! One connection, from its first byte to its orderly end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::listener::{Limits, Peer};
use super::patience::{PatientStream, Phase};
use crate::limits::{HTTP_CONNECTION_AGE_MAX, HTTP_HEAD_BYTES_MAX, HTTP_IDLE, HTTP_LINGER, HTTP_LINGER_BYTES_MAX};

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Answers the connection's requests until its peer ends it, stalls, or `draining` asks for the last answer.
///
/// HTTP/1.1 only: Braze needs no more, and the floods that HTTP/2 invites have no place to go.
pub(super) async fn serve(tcp: TcpStream, router: Router, limits: Limits, draining: CancellationToken) {
    // Without it answers are only later, not wrong.
    let _ = tcp.set_nodelay(true);
    let peer = tcp.peer_addr().ok().map(|peer| Peer(peer.ip()));
    let phase = Phase::default();
    let stream = PatientStream::new(tcp, phase.clone(), limits.header_timeout);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| -> Answering {
        let (router, phase) = (router.clone(), phase.clone());
        Box::pin(async move {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            phase.turn_over();
            let response = router.oneshot(request).await;
            phase.turn_over();
            response
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HTTP_IDLE)
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);

    let ended = tokio::select! {
        ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(ended),
        () = draining.cancelled() => None,
        () = sleep(HTTP_CONNECTION_AGE_MAX) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Err(error) = ended {
        debug!(target: "turnwise::ingress", %error, "connection ended early");
    }
    linger(connection.into_parts().io.into_inner().into_tcp()).await;
}

/// Ends our side and hears the peer out for a moment: closing on unread bytes would reset the connection, and the reset can
/// overtake the answer.
async fn linger(mut tcp: TcpStream) {
    let hear_out = async {
        tcp.shutdown().await?;
        let mut heard = 0;
        let mut scratch = [0; 4096];
        while heard < HTTP_LINGER_BYTES_MAX {
            match tcp.read(&mut scratch).await? {
                0 => break,
                bytes => heard += bytes,
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // However it ends, the connection is over.
    let _ = timeout(HTTP_LINGER, hear_out).await;
}
