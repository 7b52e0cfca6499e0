//! Probes, watches and reloads.

use std::time::Duration;

use trusted_transport_lab::Authority;

use super::stage::{PIECE, Stage, on_every_way};
use super::{cut, everywhere, nothing_runs};
use crate::reload::{Bundle, UNKNOWN, origin};
use crate::support::{self, Outcome};

#[tokio::test]
async fn a_probe() {
    on_every_way(async |way| {
        let stage = Stage::new(way, PIECE).await;
        let points = everywhere(async |polls| {
            let url = stage.url("https");
            let cut = cut(polls, stage.transport.probe(&url)).await;
            stage.is_left().await;
            cut.is_some_and(|probe| probe.expect("a probe").tls.is_some())
        });
        let points = points.await;
        assert!(points >= 5, "{way:?}: only {points} points");
    })
    .await;
    nothing_runs().await;
}

/// A watch that is dropped at any time, also while it reloads: the trust is that of before or that
/// of after, and a reload makes it that of now.
#[tokio::test]
async fn a_watch_and_a_reload() {
    let [old, new] = ["Old", "New"].map(Authority::root);
    let bundle = Bundle::of(&[&old]);
    let (at_old, at_new) = (origin(&old).await, origin(&new).await);
    let transport = bundle.built(&at_old);
    let begun = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    for step in 0..30 {
        let (root, [trusted, refused]) = match step % 2 {
            0 => (&new, [&at_new, &at_old]),
            _ => (&old, [&at_old, &at_new]),
        };
        let watch = transport.watch(Duration::from_millis(10));
        tokio::time::sleep(Duration::from_millis(step % 5 * 3)).await;
        bundle.holds(&[root]);
        tokio::time::sleep(Duration::from_micros(step * 500)).await;
        drop(watch);
        // Nobody waits for this one, and it is finished all the same.
        let token = transport.clone();
        drop(tokio::task::spawn_blocking(move || token.reload()));
        transport.reload().expect("it loads");
        let verdicts = [trusted, refused].map(|it| support::both(&transport, it, "https"));
        let [trusted, refused] = verdicts;
        assert_eq!(
            [trusted.await, refused.await],
            [Outcome::Connected, UNKNOWN]
        );
    }
    drop(transport);
    drop((at_old, at_new));
    nothing_runs().await;
    assert!(begun >= 2, "the servers' own");
}
