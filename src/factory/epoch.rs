//! What lasts as long as what is trusted does not change, and what is made anew when it does.
//! `tests/model` compiles this file with loom's locks, and tries every order of their steps.

use super::sync::{Arc, PoisonError, RwLock};

/// The epoch that lasts.
pub(crate) struct Epochs<E>(RwLock<Arc<E>>);

/// What was made for the epoch that lasts, or for one before.
pub(crate) struct Made<E, T>(RwLock<(Arc<E>, T)>);

impl<E> Epochs<E> {
    pub(crate) fn new(first: E) -> Self {
        Self(RwLock::new(Arc::new(first)))
    }

    pub(crate) fn current(&self) -> Arc<E> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One step for everybody else. Whoever asks for the epoch meanwhile waits: who has seen the
    /// new trust is given no client or session of the old, and who is given the new epoch, no
    /// verdict of the old.
    pub(crate) fn begin(&self, next: E, retire: impl FnOnce(&E), change: impl FnOnce()) {
        let mut epoch = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // First the sessions: under the new trust none of them may be resumed.
        retire(&epoch);
        change();
        *epoch = Arc::new(next);
    }
}

impl<E, T: Clone> Made<E, T> {
    pub(crate) fn new(epoch: Arc<E>, made: T) -> Self {
        Self(RwLock::new((epoch, made)))
    }

    /// Of whatever epoch it is.
    pub(crate) fn last(&self) -> T {
        let (_, made) = &*self.0.read().unwrap_or_else(PoisonError::into_inner);
        made.clone()
    }

    /// Of the epoch that lasts.
    pub(crate) fn current<X>(
        &self,
        epochs: &Epochs<E>,
        make: impl FnOnce(&E) -> Result<T, X>,
    ) -> Result<T, X> {
        {
            let (epoch, made) = &*self.0.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(epoch, &epochs.current()) {
                return Ok(made.clone());
            }
        }
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Asked for again: an epoch from before the wait may be over, and a newer one's made here.
        let epoch = epochs.current();
        if !Arc::ptr_eq(&current.0, &epoch) {
            *current = (Arc::clone(&epoch), make(&epoch)?);
        }
        Ok(current.1.clone())
    }
}
