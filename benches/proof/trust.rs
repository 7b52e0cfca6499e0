//! What trust itself costs: the verifier of a token in a handshake, and a reload.

use std::fs;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use rustls_pki_types::ServerName;
use trusted_transport::{BaseRoots, CaPolicy, TrustedTransport};
use trusted_transport_lab::{Authority, bundle_of};

use crate::measure::{Effort, Pair, timed};
use crate::table::{Row, Table};
use crate::{Outcome, raw};

pub(crate) fn measure(effort: Effort, table: &mut Table) -> Outcome {
    verifier(effort, table)?;
    reload(effort, table)
}

/// Whole handshakes in memory, without resumption, among 150 anchors.
fn verifier(effort: Effort, table: &mut Table) -> Outcome {
    let root = Authority::root("Root");
    let server = root.issue(&["localhost"]).server_config(&[]);
    let pem = bundle_of(149) + &root.pem();
    let anchors = CaPolicy::platform().base(BaseRoots::None);
    let token = TrustedTransport::new(anchors.bundle_pem("bundle", pem.as_bytes()).load()?)?;
    let [raw, token] = [
        raw::config(&pem)?,
        ClientConfig::clone(&token.rustls_config()),
    ]
    .map(|mut config| {
        config.resumption = Resumption::disabled();
        Arc::new(config)
    });
    let handshakes = |config: &Arc<ClientConfig>| {
        timed(AT_ONCE, || {
            (0..AT_ONCE).try_for_each(|_| handshake(config, &server))
        })
    };
    let pair = Pair::of(effort.of(301), || handshakes(&raw), || handshakes(&token))?;
    table.add(Row::with_cpu("a handshake in memory, both sides", &pair).at_most(1.02));
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a handshake without a socket, with either side's configuration"
)]
pub(crate) fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Outcome {
    let name = ServerName::try_from("localhost")?;
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut records = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut records)?;
        }
        server.read_tls(&mut &records[..])?;
        server.process_new_packets()?;
        records.clear();
        while server.wants_write() {
            server.write_tls(&mut records)?;
        }
        let mut records = &records[..];
        while !records.is_empty() {
            client.read_tls(&mut records)?;
            client.process_new_packets()?;
        }
    }
    Ok(())
}

/// A bundle that is another each time, beside a raw client made anew from it.
fn reload(effort: Effort, table: &mut Table) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ca.pem");
    let bundles = [bundle_of(150), bundle_of(149)];
    fs::write(&path, &bundles[1])?;
    let policy = CaPolicy::platform().base(BaseRoots::None).bundle(&path);
    let token = TrustedTransport::new(policy.load()?)?;
    let mut turn = 0;
    let pair = Pair::of(
        effort.of(301),
        || {
            timed(
                1,
                || Ok(raw::builder(&fs::read_to_string(&path)?)?.build()?),
            )
        },
        || {
            fs::write(&path, &bundles[turn % 2])?;
            turn += 1;
            timed(1, || Ok(token.reload()?))
        },
    )?;
    table.add(Row::with_cpu("a reload of 150, beside a client made anew", &pair).at_most(1.3));
    Ok(())
}

const AT_ONCE: usize = 8;
