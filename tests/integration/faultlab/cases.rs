//! The modes that follow a script: each catalogue, at the place in a connection where it belongs.

use std::io;
use std::time::Duration;

use trusted_transport::{ProxyPolicy, TransportBuilder};
use trusted_transport_lab::{
    AnswerFault, BodyFault, Fault, FrameFault, H2Fault, HelloFault, Origin, Proxy, ProxyFault,
    Scripted, SocksFault, Step, TunnelFault, UpgradeFault,
};

use super::attempt::{Ended, Over, Visit};
use super::{Job, World};
use crate::support::{self, HOST};

/// One mode.
#[derive(Default)]
struct Case {
    name: String,
    place: Place,
    steps: Vec<Step>,
    legal: bool,
    flood: bool,
    farewell: bool,
    /// What is told of it is in another snapshot, or not always the same.
    untold: bool,
}

/// Where the script is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// In place of TLS.
    #[default]
    Server,
    HttpProxy,
    SocksProxy,
    /// Behind TLS, whatever was asked.
    Answer,
    /// Behind TLS, in answer to a request.
    Http,
    /// The same in HTTP/2.
    Http2,
    /// Behind TLS, in answer to an upgrade.
    WebSocket,
}

impl Place {
    fn transports(self) -> &'static [Over] {
        match self {
            Self::Http | Self::Http2 => &[Over::Https],
            Self::WebSocket => &[Over::Wss],
            _ => &[Over::Https, Over::Wss],
        }
    }

    /// Up to the end of the TLS handshake the transports tell the same.
    fn is_before_handshake(self) -> bool {
        matches!(self, Self::Server | Self::HttpProxy | Self::SocksProxy)
    }
}

pub(crate) fn all(world: &World) -> Vec<Job> {
    let end_entity = world.end_entity();
    let mut cases = Vec::new();
    cases.extend(Fault::ALL.iter().map(|fault| Case {
        untold: true,
        ..case(
            Place::Server,
            "server",
            fault.name(),
            fault.steps(&end_entity),
        )
    }));
    cases.extend(HelloFault::ALL.iter().map(|fault| Case {
        flood: fault.name().starts_with("endless"),
        ..case(Place::Server, "server", fault.name(), fault.steps())
    }));
    cases.extend(ProxyFault::ALL.iter().map(|fault| Case {
        untold: true,
        ..case(Place::HttpProxy, "proxy", fault.name(), fault.steps())
    }));
    cases.extend(TunnelFault::ALL.iter().map(|fault| Case {
        legal: fault.is_legal(),
        flood: fault.is_flood(),
        ..case(Place::HttpProxy, "proxy", fault.name(), fault.steps())
    }));
    cases.extend(SocksFault::ALL.iter().map(|fault| Case {
        legal: fault.is_legal(),
        flood: fault.name().starts_with("endless"),
        ..case(Place::SocksProxy, "socks", fault.name(), fault.steps())
    }));
    cases.extend(behind_tls());
    let jobs = cases.into_iter().map(|case| {
        let job: Job = Box::new(move |world| case.row(world));
        job
    });
    jobs.chain(REFUSALS.map(refusal)).collect()
}

fn behind_tls() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(AnswerFault::ALL.iter().map(|fault| Case {
        flood: fault.is_flood(),
        ..case(Place::Answer, "answer", fault.name(), fault.steps())
    }));
    cases.extend(BodyFault::ALL.iter().map(|fault| Case {
        legal: fault.is_legal(),
        flood: fault.is_flood(),
        ..case(Place::Http, "http", fault.name(), fault.steps())
    }));
    cases.extend(H2Fault::ALL.iter().map(|fault| Case {
        flood: fault.is_flood(),
        ..case(Place::Http2, "h2", fault.name(), fault.steps())
    }));
    cases.extend(UpgradeFault::ALL.iter().map(|fault| Case {
        legal: fault.is_legal(),
        // Both happen: the pieces may come together.
        untold: *fault == UpgradeFault::ByteByByte,
        ..case(Place::WebSocket, "upgrade", fault.name(), fault.steps())
    }));
    cases.extend(FrameFault::ALL.iter().map(|fault| Case {
        legal: fault.is_legal(),
        flood: fault.is_flood(),
        farewell: fault.is_about_our_farewell(),
        ..case(Place::WebSocket, "websocket", fault.name(), fault.steps())
    }));
    cases
}

fn case(place: Place, prefix: &str, name: &str, steps: Vec<Step>) -> Case {
    Case {
        name: format!("{prefix} {name}"),
        place,
        steps,
        ..Case::default()
    }
}

impl Case {
    fn row(self, world: &World) -> String {
        let _in_lab = world.lab.enter();
        let waits = self.steps.iter().any(Step::is_open_ended);
        let server = world.lab.block_on(self.server(world)).expect("a server");
        let origin = Origin::https(world.end_entity());
        let origin = world.lab.block_on(origin).expect("an origin");
        let to = match self.place {
            Place::HttpProxy | Place::SocksProxy => origin.addr(),
            _ => server.addr(),
        };
        let visit = Visit {
            name: self.name.clone(),
            port: to.port(),
            limit: if waits { SHORT } else { LONG },
            farewell: self.farewell || self.place.is_before_handshake(),
        };
        let builder = || -> TransportBuilder {
            let builder = support::trusting(&[&world.root]).resolve(HOST, [to]);
            match self.place {
                Place::HttpProxy => builder.proxy(proxy("http", &server)),
                Place::SocksProxy => builder.proxy(proxy("socks5h", &server)),
                _ => builder,
            }
        };
        let open = || server.open() + origin.open();
        let attempts = self.place.transports().iter().map(|over| {
            let before = server.said();
            let (ended, took) = visit.attempt(*over, builder(), &open);
            let late = took >= visit.limit;
            self.check(*over, &ended, late, server.said() - before);
            (*over, ended)
        });
        let attempts: Vec<_> = attempts.collect();
        match self.untold {
            true => String::new(),
            false => format!("{}\n{}", self.name, self.told(&attempts)),
        }
    }

    async fn server(&self, world: &World) -> io::Result<Scripted> {
        let (steps, end_entity) = (self.steps.clone(), world.end_entity());
        match self.place {
            Place::Server | Place::HttpProxy | Place::SocksProxy => Scripted::plain(steps).await,
            Place::Http2 => Scripted::with_tls(end_entity.server_config(&[b"h2"]), steps).await,
            _ => Scripted::https(end_entity, steps).await,
        }
    }

    fn check(&self, over: Over, ended: &Ended, late: bool, taken: usize) {
        let (name, well) = (&self.name, matches!(ended, Ended::Well(_)));
        assert!(well || !self.legal, "{name} {over:?}: {ended:?}");
        if self.flood {
            // Where only the program's limit ends it, nothing of it is kept.
            assert!(late || taken <= MOST, "{name} {over:?} took {taken} bytes");
        }
    }

    fn told(&self, attempts: &[(Over, Ended)]) -> String {
        match attempts {
            [(_, https), (_, wss)] if https == wss => https.text(),
            _ => {
                let well = attempts
                    .iter()
                    .all(|(_, ended)| matches!(ended, Ended::Well(_)));
                let may_differ = well || !self.place.is_before_handshake();
                assert!(may_differ, "{}: {attempts:?}", self.name);
                let told = attempts.iter().map(|(over, ended)| {
                    let over = format!("{over:?}").to_lowercase();
                    format!(" {over}\n{}", ended.text())
                });
                told.collect()
            }
        }
    }
}

fn proxy(scheme: &str, server: &Scripted) -> ProxyPolicy {
    ProxyPolicy::all(format!("{scheme}://{}", server.addr()))
}

/// What a proxy refuses with a status, as it should.
fn refusal(status: u16) -> Job {
    Box::new(move |world| {
        let name = format!("proxy answers-{status}");
        let proxy = Proxy::http().refuse(status).start();
        let proxy = world.lab.block_on(proxy).expect("a proxy");
        let visit = Visit {
            name: name.clone(),
            port: 443,
            limit: LONG,
            farewell: false,
        };
        let attempt = |over| {
            let builder = support::trusting(&[&world.root]);
            let builder = builder.proxy(ProxyPolicy::all(proxy.url("http")));
            visit.attempt(over, builder, &|| proxy.open()).0
        };
        let [https, wss] = [Over::Https, Over::Wss].map(attempt);
        assert_eq!(https, wss, "{name}");
        assert_eq!(https.kind(), "proxy", "{name}: {https:?}");
        format!("{name}\n{}", https.text())
    })
}

const REFUSALS: [u16; 17] = [
    400, 401, 403, 404, 405, 407, 408, 413, 421, 429, 451, 500, 501, 502, 503, 504, 511,
];
/// For what never ends by itself.
const SHORT: Duration = Duration::from_millis(700);
/// For what does, on whatever machine.
const LONG: Duration = Duration::from_secs(10);
/// What a client may take of a flood before it hangs up.
const MOST: usize = 2 * 1024 * 1024;
