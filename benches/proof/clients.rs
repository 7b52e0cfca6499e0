//! Making clients: the first, which loads the platform's roots, and every further one.

use std::time::Instant;

use trusted_transport::{CaPolicy, HttpClient, ProxyPolicy, TrustedTransport};

use crate::measure::{Effort, Pair, Sample, timed};
use crate::memory::live;
use crate::table::{Row, Table, Unit};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    let pair = Pair::of(
        effort.of(201),
        || timed(1, raw::client),
        || timed(1, || Ok(token()?.http().build()?)),
    )?;
    table.add(Row::with_cpu("the first client, with the platform's roots", &pair).at_most(1.0));

    let token = token()?;
    let pair = Pair::of(
        effort.of(101),
        || timed(1, raw::client),
        || timed(1, || Ok(token.http().build()?)),
    )?;
    table.add(Row::with_cpu("the next client", &pair).at_most(1.0 / 300.0));

    for count in [100, 10_000] {
        let count = effort.count(count);
        many(count, &token, table)?;
    }
    Ok(())
}

fn token() -> Outcome<TrustedTransport> {
    let builder = TrustedTransport::builder(CaPolicy::platform().load()?);
    Ok(builder.proxy(ProxyPolicy::Direct).build()?)
}

/// So many clients that live at once; the token is one of the side that has it.
fn many(count: usize, token: &TrustedTransport, table: &mut Table) -> Outcome {
    let (raw_time, raw_bytes) = held(count, raw::client)?;
    let client = || -> Outcome<HttpClient> { Ok(token.http().build()?) };
    let (time, bytes) = held(count, client)?;
    let name = |what: &str| format!("{what} of each of {count} more clients");
    let pair = Pair {
        raw: vec![raw_time],
        token: vec![time],
    };
    table.add(Row::of(name("time"), Unit::Seconds, &pair).at_most(1.0 / 300.0));
    let pair = Pair {
        raw: vec![raw_bytes],
        token: vec![bytes],
    };
    table.add(Row::of(name("memory"), Unit::Bytes, &pair).at_most(1.0 / 20.0));
    Ok(())
}

/// The time and the memory of each.
fn held<C>(count: usize, make: impl Fn() -> Outcome<C>) -> Outcome<(Sample, Sample)> {
    let mut clients = Vec::with_capacity(count);
    let (begin, before) = (Instant::now(), live());
    for _ in 0..count {
        clients.push(make()?);
    }
    let each = |value: f64| Sample {
        value: value / count as f64,
        cpu: 0.0,
    };
    let bytes = live() - before + clients.len() * size_of::<C>();
    Ok((each(begin.elapsed().as_secs_f64()), each(bytes as f64)))
}
