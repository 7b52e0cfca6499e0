//! Who waits for a WebSocket: one task, or two if it is split. The stream below wakes a single one when
//! something can be sent, and where both wait for that, it has to wake both.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// The tasks that wait until something can be sent.
#[derive(Default)]
pub(crate) struct Halves {
    /// With answers that have to leave before more is read.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Halves {
    /// What the one who reads has to wait with.
    pub(crate) fn waker_of_reader(&mut self, cx: &Context<'_>) -> Waker {
        self.reader = Some(cx.waker().clone());
        both(cx, self.writer.as_ref())
    }

    /// What the one who writes has to wait with.
    pub(crate) fn waker_of_writer(&mut self, cx: &Context<'_>) -> Waker {
        self.writer = Some(cx.waker().clone());
        both(cx, self.reader.as_ref())
    }

    /// The other one may be done as well, and nobody else would say so.
    pub(crate) fn reader_is_done(&mut self) {
        self.reader = None;
        wake(self.writer.take());
    }

    /// The other one may be done as well, and nobody else would say so.
    pub(crate) fn writer_is_done(&mut self) {
        self.writer = None;
        wake(self.reader.take());
    }
}

fn both(cx: &Context<'_>, other: Option<&Waker>) -> Waker {
    match other {
        Some(other) if !other.will_wake(cx.waker()) => {
            Waker::from(Arc::new(Both([cx.waker().clone(), other.clone()])))
        }
        _ => cx.waker().clone(),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

struct Both([Waker; 2]);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.0.iter().for_each(Waker::wake_by_ref);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn whoever_waits_is_woken_and_whoever_is_done_wakes_the_other() {
        let [reader, writer] = [(), ()].map(|()| Arc::new(Counted::default()));
        let woken = || [&reader, &writer].map(|it| it.0.load(Ordering::SeqCst));
        let [read, write] = [&reader, &writer].map(|it| Waker::from(Arc::clone(it)));
        let [read, write] = [&read, &write].map(Context::from_waker);
        let mut halves = Halves::default();
        halves.waker_of_writer(&write).wake();
        assert_eq!(woken(), [0, 1]);
        halves.waker_of_reader(&read).wake();
        assert_eq!(woken(), [1, 2]);
        halves.waker_of_writer(&write).wake();
        assert_eq!(woken(), [2, 3]);
        halves.reader_is_done();
        assert_eq!(woken(), [2, 4]);
        halves.waker_of_writer(&write).wake();
        assert_eq!(woken(), [2, 5]);
        halves.waker_of_reader(&read);
        halves.writer_is_done();
        assert_eq!(woken(), [3, 5]);
        halves.writer_is_done();
        assert_eq!(woken(), [3, 5]);
    }
}
