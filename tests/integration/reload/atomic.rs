//! Many reload and many look on, all at once: nobody sees half a change, and what is in force after
//! a reload is what the files hold then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use trusted_transport::{Reloaded, TrustedTransport};
use trusted_transport_lab::Authority;

use super::Bundle;

const ROUNDS: usize = 400;

/// Ends the other threads, also when an assertion fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Under one configuration, one fingerprint, whenever one looks.
#[derive(Default)]
struct Onlooker {
    /// By the address of the configuration, which is kept so that no other gets it.
    seen: HashMap<*const ClientConfig, (Arc<ClientConfig>, String)>,
}

impl Onlooker {
    fn look(&mut self, transport: &TrustedTransport) {
        let before = transport.rustls_config();
        let fingerprint = transport.anchors().report().fingerprint.clone();
        let after = transport.rustls_config();
        if Arc::ptr_eq(&before, &after) {
            let (_, known) = self
                .seen
                .entry(Arc::as_ptr(&before))
                .or_insert_with(|| (before, fingerprint.clone()));
            assert_eq!(*known, fingerprint, "half a change");
        }
    }
}

#[test]
fn nobody_sees_half_a_change() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let bundle = Bundle::of(&[&a]);
    let transport = bundle.builder().build().expect("a token");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let onlooker = scope.spawn(|| {
            let mut onlooker = Onlooker::default();
            while !done.load(Ordering::Relaxed) {
                onlooker.look(&transport);
            }
            onlooker.seen.len()
        });
        let ends = Done(&done);
        for round in 0..ROUNDS {
            bundle.holds(&[if round % 2 == 0 { &b } else { &a }]);
            assert_eq!(transport.reload().expect("it loads"), Reloaded::Changed);
        }
        drop(ends);
        let seen = onlooker.join().expect("nothing halved");
        assert!(seen > 9, "looked at {seen} only");
    });
}

#[test]
fn of_many_reloads_at_once_the_last_to_begin_decides() {
    let [a, b] = ["A", "B"].map(Authority::root);
    let bundle = Bundle::of(&[&a]);
    let next = bundle.folder().join("next.pem");
    let transport = bundle.builder().build().expect("a token");
    let of_a = transport.report().fingerprint.clone();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    transport.reload().expect("there is always a bundle");
                    // Or nobody else gets a turn.
                    std::thread::sleep(Duration::from_micros(300));
                }
            });
        }
        let _ends = Done(&done);
        for round in 0..ROUNDS {
            let holds_a = round % 2 == 1;
            std::fs::write(&next, if holds_a { a.pem() } else { b.pem() }).expect("written");
            std::fs::rename(&next, bundle.path()).expect("renamed");
            transport.reload().expect("it loads");
            let until = Instant::now() + Duration::from_millis(2);
            while Instant::now() < until {
                let is_of_a = transport.report().fingerprint == of_a;
                assert_eq!(is_of_a, holds_a, "an older one came back in round {round}");
                std::thread::yield_now();
            }
        }
    });
}
