//! Every form of certificate chain over HTTPS and WSS: the same verdict, and the same words, which
//! are reviewed as a snapshot. `UPDATE_EXPECT=1` writes it anew.

use std::fmt::Write;

use expect_test::expect_file;
use trusted_transport::{BaseRoots, CaPolicy, ProxyPolicy, TrustedTransport};
use trusted_transport_lab::{Case, Form, Origin};

use crate::support;
use crate::told::Told;

async fn refused(case: &Case) -> Option<Told> {
    let origin = Origin::https(case.end_entity.clone()).await;
    let origin = origin.expect("an origin");
    let anchors = CaPolicy::platform()
        .base(BaseRoots::None)
        .bundle_pem("the bundle", case.bundle())
        .load()
        .expect("the bundle loads");
    let transport = TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::Direct)
        .resolve(case.host, [origin.addr()])
        .build()
        .expect("built");
    let https = support::get(&transport, &origin.url("https", case.host, "/")).await;
    let wss = support::echo(&transport, &origin.url("wss", case.host, "/")).await;
    let [https, wss] = [https.map(drop), wss].map(|it| it.as_ref().err().map(Told::of));
    assert_eq!(https, wss, "{:?}", case.form);
    // Whoever is refused has said nothing.
    assert_eq!(origin.seen().is_empty(), https.is_some(), "{:?}", case.form);
    let seen = origin.handshakes_after(2).await;
    assert!(
        seen.iter().all(|it| it.is_err() == https.is_some()),
        "{seen:?}"
    );
    https
}

#[tokio::test]
async fn every_form_of_chain_has_one_verdict_and_one_text() {
    let mut table = String::new();
    for form in Form::ALL {
        let told = refused(&form.case()).await;
        writeln!(table, "{}", form.name()).expect("text");
        match told {
            // The one form that ring alone cannot verify: it does not know the curve.
            Some(told) if *form == Form::P521 && cfg!(not(feature = "aws-lc-rs")) => {
                assert_eq!(told.kind, "tls");
                table += "  accepted\n";
            }
            None => table += "  accepted\n",
            Some(told) => write!(table, "{told}").expect("text"),
        }
    }
    expect_file!["refusals.txt"].assert_eq(&table);
}
