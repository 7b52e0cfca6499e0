//! Copies bytes both ways between two streams until both sides have finished or nothing has moved
//! for a while. One timer per tunnel looks at a flag, so that the copying itself sets none.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};

use crate::server::IDLE;

const BUFFER: usize = 32 * 1024;

/// Runs a tunnel. It ends between one and two idle periods after the last byte.
pub(crate) async fn tunnel<A, B>(client: A, origin: B)
where
    A: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let moved = Arc::new(AtomicBool::new(false));
    let mut client = Watched::new(client, &moved);
    let mut origin = Watched::new(origin, &moved);
    tokio::select! {
        // How a tunnel ended is for its two ends to notice.
        _ = copy_bidirectional_with_sizes(&mut client, &mut origin, BUFFER, BUFFER) => {}
        () = idle(&moved) => {}
    }
}

async fn idle(moved: &AtomicBool) {
    loop {
        tokio::time::sleep(IDLE).await;
        if !moved.swap(false, Ordering::Relaxed) {
            return;
        }
    }
}

/// A stream that raises a flag for every read; every copied byte has been read.
struct Watched<S> {
    stream: S,
    moved: Arc<AtomicBool>,
}

impl<S> Watched<S> {
    fn new(stream: S, moved: &Arc<AtomicBool>) -> Self {
        Self {
            stream,
            moved: moved.clone(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        self.moved.store(true, Ordering::Relaxed);
        Poll::Ready(outcome)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
