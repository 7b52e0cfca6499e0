//! The part that every lab server shares: a listener on an ephemeral loopback port, the tasks
//! that belong to it, and bounded logs. Dropping the server aborts all of its tasks, those of
//! upgraded connections and HTTP/2 streams included.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a handshake, a dial or the answer of a next hop may take.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a server keeps a connection open on which it says nothing on purpose.
pub(crate) const SILENCE: Duration = Duration::from_secs(120);
/// How long a connection may stay without traffic.
pub(crate) const IDLE: Duration = Duration::from_secs(30);

/// A running listener. Dropping it closes the port and every connection.
#[derive(Debug)]
pub(crate) struct Server {
    addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    tasks: Tasks,
}

impl Server {
    /// Listens, and spawns `serve` on `tasks` for every accepted connection.
    pub(crate) async fn start<F>(
        tasks: Tasks,
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(AtomicUsize::new(0));
        let (counter, spawner) = (connections.clone(), tasks.clone());
        let now_open = open.clone();
        tasks.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        counter.fetch_add(1, Ordering::Relaxed);
                        let _ = stream.set_nodelay(true);
                        let (open, serving) = (Open::new(&now_open), serve(stream));
                        spawner.spawn(async move {
                            serving.await;
                            drop(open);
                        });
                    }
                    // Out of file descriptors: wait for one instead of spinning.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        });
        Ok(Self {
            addr,
            connections,
            open,
            tasks,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many connections are being served.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

/// Counts a connection for as long as it lives.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

/// The tasks of one server, as an executor that hyper can spawn on.
#[derive(Clone, Debug)]
pub(crate) struct Tasks(Arc<Mutex<Option<JoinSet<()>>>>);

impl Tasks {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Some(JoinSet::new()))))
    }

    /// Spawns a task, or drops it if the server has been stopped.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(set) = lock(&self.0).as_mut() {
            while set.try_join_next().is_some() {}
            set.spawn(task);
        }
    }

    fn abort(&self) {
        let set = lock(&self.0).take();
        drop(set);
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
{
    fn execute(&self, future: F) {
        self.spawn(async {
            future.await;
        });
    }
}

/// An HTTP/1.1 and HTTP/2 server with bounded waits and buffers.
pub(crate) fn http(tasks: &Tasks) -> auto::Builder<Tasks> {
    let mut builder = auto::Builder::new(tasks.clone());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(IDLE)
        .keep_alive_timeout(HANDSHAKE);
    builder
}

/// A record that keeps the newest entries, so that a benchmark cannot fill the memory.
#[derive(Debug)]
pub(crate) struct Log<T> {
    entries: Mutex<Entries<T>>,
    grown: Notify,
}

#[derive(Debug)]
struct Entries<T> {
    dropped: usize,
    kept: VecDeque<T>,
}

impl<T> Log<T> {
    const LIMIT: usize = 4096;

    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::new(Entries {
                dropped: 0,
                kept: VecDeque::new(),
            }),
            grown: Notify::new(),
        }
    }

    /// Adds an entry and returns its number, for [`update`](Self::update).
    pub(crate) fn push(&self, entry: T) -> usize {
        let mut entries = lock(&self.entries);
        if entries.kept.len() == Self::LIMIT {
            entries.kept.pop_front();
            entries.dropped += 1;
        }
        entries.kept.push_back(entry);
        self.grown.notify_waiters();
        entries.dropped + entries.kept.len() - 1
    }

    /// Changes an entry, unless it has been dropped meanwhile.
    pub(crate) fn update(&self, number: usize, change: impl FnOnce(&mut T)) {
        let mut entries = lock(&self.entries);
        let index = number.checked_sub(entries.dropped);
        if let Some(entry) = index.and_then(|index| entries.kept.get_mut(index)) {
            change(entry);
        }
    }

    pub(crate) fn entries(&self) -> Vec<T>
    where
        T: Clone,
    {
        lock(&self.entries).kept.iter().cloned().collect()
    }

    /// The entries once there have been this many, or whatever there is after a bounded time.
    pub(crate) async fn after(&self, count: usize) -> Vec<T>
    where
        T: Clone,
    {
        let grown = async {
            loop {
                // Enlisted before the look, so that no entry falls between the two.
                let mut more = pin!(self.grown.notified());
                more.as_mut().enable();
                if self.total() >= count {
                    return;
                }
                more.await;
            }
        };
        // A count that is never reached shows in what the caller gets.
        let _ = timeout(HANDSHAKE, grown).await;
        self.entries()
    }

    fn total(&self) -> usize {
        let entries = lock(&self.entries);
        entries.dropped + entries.kept.len()
    }
}

/// Awaits a step of a handshake for a bounded time.
pub(crate) async fn bounded<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(HANDSHAKE, step).await {
        Ok(outcome) => outcome,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// No critical section of the lab can leave its data half changed, so a poisoned lock is usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_the_newest_entries() {
        let log = Log::new();
        for number in 0..Log::<usize>::LIMIT + 2 {
            assert_eq!(log.push(number), number);
        }
        log.update(0, |entry| *entry = 99);
        log.update(2, |entry| *entry = 77);
        let entries = log.entries();
        assert_eq!(entries.len(), Log::<usize>::LIMIT);
        assert_eq!(entries[..2], [77, 3]);
    }
}
