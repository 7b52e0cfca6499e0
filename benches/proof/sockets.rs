//! Messages on a WebSocket that is open: there and back, one after the other and in a row.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::connections::runtime;
use crate::measure::{Effort, Pair, Sample, timed};
use crate::servers::Servers;
use crate::table::{Row, Table};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    let servers = Servers::start()?;
    let runtime = runtime()?;
    let config = Arc::new(raw::config(&servers.pem)?);
    let mut raw = runtime.block_on(raw::socket(config, servers.port))?;
    let token = servers.token()?;
    let (mut token, _) = runtime.block_on(async { token.websocket(servers.url("wss")).await })?;
    for (name, bytes, times) in SIZES {
        let body = Bytes::from(vec![b'x'; bytes]);
        let pair = Pair::of(
            effort.of(201),
            || one_by_one(&runtime, &mut raw, &body, times),
            || one_by_one(&runtime, &mut token, &body, times),
        )?;
        let row = Row::with_cpu(format!("WebSocket echo of {name}, one by one"), &pair);
        table.add(row.at_most(1.02));
        let pair = Pair::of(
            effort.of(201),
            || in_a_row(&runtime, &mut raw, &body, times),
            || in_a_row(&runtime, &mut token, &body, times),
        )?;
        let row = Row::with_cpu(format!("WebSocket echo of {name}, in a row"), &pair);
        table.add(row.at_most(1.02));
    }
    Ok(())
}

fn one_by_one<S>(runtime: &Runtime, socket: &mut S, body: &Bytes, times: usize) -> Outcome<Sample>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    timed(times, || {
        runtime.block_on(async {
            for _ in 0..times {
                socket.send(Message::Binary(body.clone())).await?;
                received(socket, body).await?;
            }
            Ok(())
        })
    })
}

/// Sends all of them while their echoes come.
fn in_a_row<S>(runtime: &Runtime, socket: &mut S, body: &Bytes, times: usize) -> Outcome<Sample>
where
    S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
{
    let times = times.max(4);
    timed(times, || {
        runtime.block_on(async {
            let (mut sink, mut stream) = socket.split();
            let send = async {
                for _ in 0..times {
                    sink.send(Message::Binary(body.clone())).await?;
                }
                Ok(())
            };
            let receive = async {
                for _ in 0..times {
                    received(&mut stream, body).await?;
                }
                Ok(())
            };
            futures_util::future::try_join(send, receive).await
        })
    })
}

async fn received<S>(stream: &mut S, body: &Bytes) -> Outcome
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    match stream.next().await {
        Some(Ok(Message::Binary(echo))) if echo.len() == body.len() => Ok(()),
        other => Err(format!("no echo, but {:?}", other.map(|it| it.map(|it| it.len()))).into()),
    }
}

/// Names, bytes, and how many make a sample.
const SIZES: [(&str, usize, usize); 4] = [
    ("16 B", 16, 40),
    ("1 KiB", 1024, 40),
    ("64 KiB", 64 * 1024, 10),
    ("1 MiB", 1024 * 1024, 2),
];
