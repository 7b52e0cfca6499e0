//! Opening connections: the first request of a client, through an interceptor, and WebSockets.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::measure::{Effort, Pair, timed};
use crate::servers::Servers;
use crate::table::{Row, Table};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    let servers = Servers::start()?;
    let runtime = runtime()?;
    first_request(effort, &servers, &runtime, table)?;
    through_interceptor(effort, &servers, &runtime, table)?;
    websocket(effort, &servers, &runtime, table)
}

/// The client's work is the thread's that measures.
pub(crate) fn runtime() -> Outcome<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// Of a client that is not the first: a raw one knows no session, that of a token does.
fn first_request(
    effort: Effort,
    servers: &Servers,
    runtime: &Runtime,
    table: &mut Table,
) -> Outcome {
    let url = servers.url("https");
    let token = servers.token()?;
    let pair = Pair::of(
        effort.of(301),
        || {
            let client = raw::builder(&servers.pem)?.build()?;
            timed(1, || Ok(runtime.block_on(client.get(&url).send())?))
        },
        || {
            let client = token.http().build()?;
            timed(1, || Ok(runtime.block_on(client.get(&url).send())?))
        },
    )?;
    let row = Row::with_cpu("the first HTTPS request of a second client", &pair);
    table.add(row.at_most(0.95));
    Ok(())
}

/// A connection for every request, with sessions resumed on both sides.
fn through_interceptor(
    effort: Effort,
    servers: &Servers,
    runtime: &Runtime,
    table: &mut Table,
) -> Outcome {
    let url = servers.url("https");
    let raw = raw::through(raw::builder(&servers.pem)?, &servers.interceptor)?;
    let token = servers.token_through(&servers.interceptor)?;
    let token = token.http().pool_max_idle_per_host(0).build()?;
    let pair = Pair::of(
        effort.of(151),
        || {
            timed(1, || {
                runtime.block_on(async { Ok(raw.get(&url).send().await?.bytes().await?) })
            })
        },
        || {
            timed(1, || {
                runtime.block_on(async { Ok(token.get(&url).send().await?.bytes().await?) })
            })
        },
    )?;
    let row = Row::with_cpu("a request through the interceptor, connection anew", &pair);
    table.add(row.at_most(1.02));
    Ok(())
}

fn websocket(effort: Effort, servers: &Servers, runtime: &Runtime, table: &mut Table) -> Outcome {
    let config = Arc::new(raw::config(&servers.pem)?);
    let (token, url) = (servers.token()?, servers.url("wss"));
    let pair = Pair::of(
        effort.of(501),
        || {
            let socket = raw::socket(Arc::clone(&config), servers.port);
            timed(1, || runtime.block_on(socket))
        },
        || {
            timed(1, || {
                Ok(runtime.block_on(async { token.websocket(&url).await })?)
            })
        },
    )?;
    table.add(Row::with_cpu("connecting a WebSocket", &pair).at_most(1.02));
    Ok(())
}
