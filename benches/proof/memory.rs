//! What stays in memory: the bytes that this process has allocated and not freed, and so those of
//! open WebSockets that say nothing.

use std::alloc::System;
use std::sync::Arc;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::connections::runtime;
use crate::measure::{Effort, Pair, Sample};
use crate::servers::Servers;
use crate::table::{Row, Table, Unit};
use crate::{Outcome, raw};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes that are allocated now.
pub(crate) fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    rlimit::increase_nofile_limit(u64::MAX)?;
    for count in [1_000, 10_000] {
        let count = effort.count(count);
        let pair = Pair {
            raw: vec![raw_sockets(count)?],
            token: vec![sockets(count)?],
        };
        let name = format!("memory of each of {count} idle WebSockets");
        table.add(Row::of(name, Unit::Bytes, &pair).at_most(1.02));
    }
    Ok(())
}

fn raw_sockets(count: usize) -> Outcome<Sample> {
    let (servers, runtime) = (Servers::start()?, runtime()?);
    let config = Arc::new(raw::config(&servers.pem)?);
    held(count, || {
        runtime.block_on(raw::socket(Arc::clone(&config), servers.port))
    })
}

fn sockets(count: usize) -> Outcome<Sample> {
    let (servers, runtime) = (Servers::start()?, runtime()?);
    let (token, url) = (servers.token()?, servers.url("wss"));
    held(count, || {
        let (socket, _) = runtime.block_on(async { token.websocket(&url).await })?;
        Ok(socket)
    })
}

/// The memory of each, without that of the first: it brings what they share.
fn held<S>(count: usize, connect: impl Fn() -> Outcome<S>) -> Outcome<Sample> {
    let _first = connect()?;
    let mut sockets = Vec::with_capacity(count);
    let before = live();
    for _ in 0..count {
        sockets.push(connect()?);
    }
    let bytes = live() - before + count * size_of::<S>();
    Ok(Sample {
        value: bytes as f64 / count as f64,
        cpu: 0.0,
    })
}
