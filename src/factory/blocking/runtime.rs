//! What drives the connections of a program without async: a runtime on a thread of its own, so
//! that they are looked after between two calls as well.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::factory::error::TransportError;

/// Ends with its last clone. Nobody waits for the end: a name that is still being looked up could
/// take its time.
#[derive(Clone)]
pub(super) struct Runtime(Arc<Running>);

struct Running {
    handle: Handle,
    /// The thread ends when this is dropped.
    _stop: oneshot::Sender<Infallible>,
}

impl Runtime {
    pub(super) fn start() -> Result<Self, TransportError> {
        Self::try_start().map_err(|source| TransportError::Runtime { source })
    }

    fn try_start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (_stop, stopped) = oneshot::channel();
        thread::Builder::new()
            .name("trusted-transport".to_owned())
            .spawn(move || runtime.block_on(stopped))?;
        Ok(Self(Arc::new(Running { handle, _stop })))
    }

    /// Waits for `future` on the caller's thread.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.handle.block_on(future)
    }

    /// Waits for `future`, for `limit` at most.
    pub(super) fn wait_for<T>(
        &self,
        limit: Option<Duration>,
        future: impl Future<Output = T>,
    ) -> io::Result<T> {
        self.wait(async {
            match limit {
                Some(limit) => Ok(tokio::time::timeout(limit, future).await?),
                None => Ok(future.await),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    #[test]
    fn it_ends_with_its_last_clone() {
        let runtime = Runtime::start().expect("a runtime");
        let (alive, ended) = channel::<Infallible>();
        let task = async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        };
        runtime.0.handle.spawn(task);
        let clone = runtime.clone();
        drop(runtime);
        let still = ended.recv_timeout(Duration::from_millis(100));
        assert_eq!(still, Err(RecvTimeoutError::Timeout));
        drop(clone);
        let ended = ended.recv_timeout(Duration::from_secs(10));
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
    }
}
