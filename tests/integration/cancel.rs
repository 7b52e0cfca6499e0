//! Every future dropped at every point where it waits: whatever it was made from goes on as if it
//! had never been begun, and the connection that it was making or using is closed or still good.

#[cfg(feature = "blocking")]
mod blocking;
mod others;
mod relay;
mod requests;
mod sockets;
mod stage;

use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// Polls `future` this often, and drops it unless it is ready by then.
pub(crate) async fn cut<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Cuts at one point after the other, until there was nothing left to cut; how many there were.
/// `attempt` is given the number of polls, and says whether it got to the end.
pub(crate) async fn everywhere(mut attempt: impl AsyncFnMut(usize) -> bool) -> usize {
    let mut polls = 0;
    while !attempt(polls).await {
        polls += 1;
        assert!(polls < 5000, "it never ends");
    }
    polls
}

/// Once it is so, or after five seconds.
pub(crate) async fn soon(is_so: impl Fn() -> bool) -> bool {
    let limit = Instant::now() + Duration::from_secs(5);
    while !is_so() && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    is_so()
}

/// No task of this test's runtime is left.
pub(crate) async fn nothing_runs() {
    let metrics = Handle::current().metrics();
    assert!(
        soon(|| metrics.num_alive_tasks() == 0).await,
        "{} tasks are left",
        metrics.num_alive_tasks()
    );
}
