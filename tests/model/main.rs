//! Whatever threads do at the same time while the trust changes: the library's own files, compiled
//! with loom's locks and atomics, in every order of their steps that differs.

use std::sync::Mutex;

#[path = "../../src/factory/epoch.rs"]
mod epoch;
#[path = "../../src/factory/sessions.rs"]
mod sessions;

/// As `src/factory/sync.rs`, for the two files.
mod sync {
    pub(crate) use std::sync::{Arc, PoisonError};

    pub(crate) use loom::sync::RwLock;
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
}

/// What is noted of a connection has no part in it.
mod trace {
    use rustls_pki_types::ServerName;

    pub(crate) fn shakes_hands(_: &ServerName<'static>, _with_identity: bool) {}
}

use loom::thread;

use self::epoch::{Epochs, Made};
use self::sessions::Sessions;
use self::sync::{Arc, RwLock};

/// As the library's, with a number.
struct Epoch {
    number: usize,
    sessions: Sessions,
}

impl Epoch {
    fn new(number: usize) -> Self {
        Self {
            number,
            sessions: Sessions::new(false, Vec::new()),
        }
    }

    /// A handshake of this epoch's clients would be offered a session, if there were one.
    fn resumes(&self) -> bool {
        self.sessions
            .may_resume(&"origin.test".try_into().expect("a name"))
    }
}

/// A token, as far as it has to do with threads.
struct Token {
    epochs: Epochs<Epoch>,
    /// What the verifier judges by.
    trust: RwLock<usize>,
}

impl Token {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            epochs: Epochs::new(Epoch::new(0)),
            trust: RwLock::new(0),
        })
    }

    fn trust(&self) -> usize {
        *self.trust.read().expect("no panic")
    }

    /// As `reload` has it.
    fn reload(&self, number: usize) {
        self.epochs.begin(
            Epoch::new(number),
            |last| last.sessions.retire(),
            || *self.trust.write().expect("no panic") = number,
        );
    }
}

/// What another thread sees while the trust changes.
fn during_a_reload(look: impl Fn(&Token) + Copy + Send + Sync + 'static) {
    loom::model(move || {
        let token = Token::new();
        let other = Arc::clone(&token);
        let reloading = thread::spawn(move || other.reload(1));
        look(&token);
        reloading.join().expect("no panic");
        assert_eq!((token.trust(), token.epochs.current().number), (1, 1));
    });
}

#[test]
fn who_has_seen_the_new_trust_is_given_no_epoch_of_the_old() {
    during_a_reload(|token| {
        let trust = token.trust();
        assert!(token.epochs.current().number >= trust);
    });
}

#[test]
fn who_is_given_the_new_epoch_is_given_no_verdict_of_the_old() {
    during_a_reload(|token| {
        let epoch = token.epochs.current();
        assert!(token.trust() >= epoch.number);
    });
}

/// Also with a configuration from before.
#[test]
fn who_has_seen_the_new_trust_resumes_no_session_of_the_old() {
    during_a_reload(|token| {
        let before = token.epochs.current();
        let trust = token.trust();
        assert!(!before.resumes() || before.number >= trust);
    });
}

/// Two requests with one client, while the trust changes twice: each gets a client that is no older
/// than the request, and each epoch's is made once, so that no pool of connections is lost.
#[test]
fn clients_are_made_once_for_each_epoch_and_never_of_an_older_one() {
    let mut model = loom::model::Builder::new();
    // Without a bound it does not end in minutes. What is known to break it shows with three
    // switches between threads.
    model.preemption_bound = Some(4);
    model.check(|| {
        let token = Token::new();
        let client = Arc::new(Made::new(token.epochs.current(), 0));
        let made: Arc<Mutex<Vec<usize>>> = Arc::default();
        let request = {
            let (token, made) = (Arc::clone(&token), Arc::clone(&made));
            move || {
                let at_least = token.epochs.current().number;
                let number = client.current(&token.epochs, |epoch| {
                    made.lock().expect("no panic").push(epoch.number);
                    Ok::<_, ()>(epoch.number)
                });
                let number = number.expect("it can be made");
                let at_most = token.epochs.current().number;
                assert!((at_least..=at_most).contains(&number));
                assert!(client.last() >= number, "an older one came after it");
            }
        };
        let other = Arc::clone(&token);
        let reloading = thread::spawn(move || [1, 2].map(|number| other.reload(number)));
        let requesting = thread::spawn(request.clone());
        request();
        requesting.join().expect("no panic");
        reloading.join().expect("no panic");
        request();
        let mut made = made.lock().expect("no panic").clone();
        made.sort_unstable();
        let times = made.len();
        made.dedup();
        assert_eq!(times, made.len(), "made twice: {made:?}");
    });
}
