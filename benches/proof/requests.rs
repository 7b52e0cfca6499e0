//! Requests on a connection that is open: latency one by one, many at once, and large bodies.

use std::future::Future;

use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;
use trusted_transport::HttpClient;

use crate::connections::runtime;
use crate::measure::{Effort, Pair, Sample, timed};
use crate::servers::Servers;
use crate::table::{Row, Table};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    let servers = Servers::start()?;
    let runtime = runtime()?;
    for version in [Version::Http1, Version::Http2] {
        let both = Both::of(&servers, version)?;
        let name = version.name();
        let pair = both.pair(effort.of(401), GETS, &runtime, |client, url| async move {
            for _ in 0..GETS {
                client.get(&url).await?;
            }
            Ok(())
        })?;
        let row = Row::with_cpu(format!("GET over {name}, one after the other"), &pair);
        table.add(row.at_most(1.02));
        let pair = both.pair(
            effort.of(201),
            AT_ONCE * 4,
            &runtime,
            |client, url| async move {
                for _ in 0..4 {
                    try_join_all((0..AT_ONCE).map(|_| client.get(&url))).await?;
                }
                Ok(())
            },
        )?;
        let row = Row::with_cpu(format!("GET over {name}, {AT_ONCE} at once"), &pair);
        table.add(row.at_most(1.02));
        let pair = both.pair(effort.of(101), 1, &runtime, |client, url| async move {
            client.post(&url, Bytes::from_static(&BODY)).await
        })?;
        let row = Row::with_cpu(format!("POST over {name}, 1 MiB there and back"), &pair);
        table.add(row.at_most(1.02));
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Version {
    Http1,
    Http2,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// What both have, under one name.
#[derive(Clone)]
enum Client {
    Raw(raw::Client),
    Token(HttpClient),
}

impl Client {
    async fn get(&self, url: &str) -> Outcome {
        let body = match self {
            Self::Raw(client) => client.get(url).send().await?.bytes().await?,
            Self::Token(client) => client.get(url).send().await?.bytes().await?,
        };
        match body.is_empty() {
            true => Err("an empty body".into()),
            false => Ok(()),
        }
    }

    async fn post(&self, url: &str, body: Bytes) -> Outcome {
        let sent = body.len();
        let body = match self {
            Self::Raw(client) => client.post(url).body(body).send().await?.bytes().await?,
            Self::Token(client) => client.post(url).body(body).send().await?.bytes().await?,
        };
        match body.len() == sent {
            true => Ok(()),
            false => Err("another body".into()),
        }
    }
}

struct Both {
    raw: Client,
    token: Client,
    url: String,
}

impl Both {
    fn of(servers: &Servers, version: Version) -> Outcome<Self> {
        let (raw, token) = (raw::builder(&servers.pem)?, servers.token()?.http());
        let (raw, token) = match version {
            Version::Http1 => (raw.http1_only(), token.http1_only()),
            Version::Http2 => (raw, token),
        };
        Ok(Self {
            raw: Client::Raw(raw.build()?),
            token: Client::Token(token.build()?),
            url: servers.url("https"),
        })
    }

    fn pair<F>(
        &self,
        turns: usize,
        parts: usize,
        runtime: &Runtime,
        run: impl Fn(Client, String) -> F,
    ) -> Outcome<Pair>
    where
        F: Future<Output = Outcome>,
    {
        let side = |client: &Client| -> Outcome<Sample> {
            let run = run(client.clone(), self.url.clone());
            timed(parts, || runtime.block_on(run))
        };
        Pair::of(turns, || side(&self.raw), || side(&self.token))
    }
}

const GETS: usize = 20;
const AT_ONCE: usize = 32;
static BODY: [u8; 1024 * 1024] = [b'x'; 1024 * 1024];
