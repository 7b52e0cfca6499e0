//! Every form of certificate chain over HTTPS and WSS: the same verdict, and the same words, which
//! are reviewed as a snapshot. `UPDATE_EXPECT=1` writes it anew.

use std::fmt::Write;

use expect_test::expect_file;
use trusted_transport::{BaseRoots, TrustFailure};
use trusted_transport::{CaPolicy, ProxyPolicy, TransportError, TrustedTransport};
use trusted_transport_lab::{Case, Form, Origin};

use crate::support;

/// What both transports have to agree on.
#[derive(Debug, PartialEq)]
struct Told {
    kind: &'static str,
    refusal: Option<&'static str>,
    retryable: bool,
    message: String,
    hint: Option<String>,
    chain: Vec<String>,
    missing_issuer: Option<String>,
}

impl Told {
    fn of(error: &TransportError) -> Self {
        let failure = error.trust_failure();
        let subjects = |it: &TrustFailure| it.chain().iter().map(|it| it.subject.clone()).collect();
        Self {
            kind: error.kind(),
            refusal: failure.map(|it| it.refusal().as_str()),
            retryable: error.is_retryable(),
            message: error.to_string(),
            hint: error.hint(),
            chain: failure.map(subjects).unwrap_or_default(),
            missing_issuer: failure.and_then(|it| Some(it.missing_issuer()?.to_owned())),
        }
    }
}

async fn told(case: &Case) -> Option<Told> {
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
        let told = told(&form.case()).await;
        writeln!(table, "{}", form.name()).expect("text");
        match told {
            None => table += "  accepted\n",
            Some(told) => write_told(&mut table, &told),
        }
    }
    expect_file!["refusals.txt"].assert_eq(&without_dates(&table));
}

fn write_told(table: &mut String, told: &Told) {
    let refusal = told.refusal.unwrap_or("-");
    writeln!(
        table,
        "  {}, {refusal}, retryable: {}",
        told.kind, told.retryable
    )
    .expect("text");
    writeln!(table, "  error: {}", told.message).expect("text");
    writeln!(table, "  hint: {}", told.hint.as_deref().unwrap_or("-")).expect("text");
    writeln!(table, "  chain: {}", told.chain.join(" <- ")).expect("text");
    if let Some(issuer) = &told.missing_issuer {
        writeln!(table, "  missing: {issuer}").expect("text");
    }
}

/// Every date is another one tomorrow.
fn without_dates(text: &str) -> String {
    let mut shown = String::new();
    for word in text.split_inclusive([' ', ',', '\n']) {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        match digits == 14 && word.contains('T') && word.contains('Z') {
            true => shown += &format!("DATE{}", &word[20..]),
            false => shown += word,
        }
    }
    shown
}
