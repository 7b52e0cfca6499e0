//! `check` connects over HTTPS and WSS under the environment's policy and proxies, explains
//! what fails, and repeats no secret.

use serde_json::{Value, json};
use trusted_transport_lab::{Authority, Constraints, Origin, Proxy, Template};

use crate::run::{Ran, Result, file, run, text};

const SECRET: &str = "s3cr3t";

struct Lab {
    origin: Origin,
    /// A bundle with the root of the origin.
    bundle: String,
    root: Authority,
}

impl Lab {
    /// `name` is for the file of the bundle.
    async fn start(name: &str) -> Result<Self> {
        let root = Authority::root("Lab Root");
        let path = file(&format!("check-{name}.pem"), &root.pem())?;
        Ok(Self {
            origin: Origin::https(root.issue(&["localhost"])).await?,
            bundle: text(&path)?.to_owned(),
            root,
        })
    }

    async fn check(&self, paths: [&str; 2], more: &[(&str, &str)], json: bool) -> Result<Ran> {
        let [https, wss] = ["https", "wss"];
        let https = self.origin.url(https, "localhost", paths[0]);
        let wss = self.origin.url(wss, "localhost", paths[1]);
        let mut arguments = vec!["check", &https, &wss];
        if json {
            arguments.push("--json");
        }
        run(&arguments, more).await
    }

    fn trusted(&self) -> (&'static str, &str) {
        ("CODEX_CA_CERTIFICATE", &self.bundle)
    }
}

fn each<'a>(json: &'a Value, key: &str) -> [&'a Value; 2] {
    [0, 1].map(|number| &json["results"][number][key])
}

#[tokio::test]
async fn https_and_wss_connect_under_the_policy() -> Result {
    let lab = Lab::start("connect").await?;
    let ran = lab
        .check(["/status/404", "/echo"], &[lab.trusted()], true)
        .await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert_eq!(each(&json, "ok"), [true, true]);
    assert_eq!(each(&json, "transport"), ["https", "wss"]);
    assert_eq!(each(&json, "status"), [404, 101], "a status is an answer");
    assert_eq!(each(&json, "protocol"), ["HTTP/2.0", "HTTP/1.1"]);
    assert_eq!(each(&json, "route"), ["direct", "direct"]);
    assert_eq!(each(&json, "error"), [&Value::Null, &Value::Null]);
    assert_eq!(json["policy"]["source"]["name"], "CODEX_CA_CERTIFICATE");
    assert_eq!(lab.origin.seen().len(), 2, "both reached the origin");

    let ran = lab.check(["/", "/echo"], &[lab.trusted()], false).await?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout.lines().last(), Some("2 of 2 URLs connected"));
    Ok(())
}

#[tokio::test]
async fn what_is_not_trusted_fails_for_both_and_says_what_to_do() -> Result {
    let lab = Lab::start("untrusted").await?;
    let other = file("check-other.pem", &Authority::root("Other Root").pem())?;
    let other = [("SSL_CERT_FILE", text(&other)?)];
    let ran = lab.check(["/", "/echo"], &other, true).await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(1), "{}", ran.output());
    assert_eq!(each(&json, "ok"), [false, false]);
    for error in each(&json, "error") {
        assert_eq!(error["kind"], "untrusted");
        let hint = error["hint"].as_str().unwrap_or_default();
        assert!(hint.contains("check-other.pem"), "{hint}");
        assert!(hint.contains("SSL_CERT_FILE"), "{hint}");
    }
    assert_eq!(json["error"], Value::Null, "the policy itself is in order");
    assert!(lab.origin.seen().is_empty(), "nothing was sent");

    let ran = lab.check(["/", "/echo"], &other, false).await?;
    assert_eq!(
        ran.stdout.lines().last(),
        Some("0 of 2 URLs connected; failed: unknown issuer")
    );
    assert_eq!(ran.stdout.matches("\nhint: ").count(), 2, "{}", ran.stdout);
    Ok(())
}

#[tokio::test]
async fn one_failure_does_not_hide_the_other_results() -> Result {
    let lab = Lab::start("refused").await?;
    let ran = lab.check(["/", "/refuse"], &[lab.trusted()], true).await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(1));
    assert_eq!(each(&json, "ok"), [true, false]);
    assert_eq!(each(&json, "status"), [200, 401]);
    assert_eq!(each(&json, "error")[1]["kind"], "upgrade_refused");
    Ok(())
}

#[tokio::test]
async fn redirects_are_not_followed() -> Result {
    let lab = Lab::start("redirect").await?;
    let path = "/redirect?to=%2Fstatus%2F204";
    let json = lab
        .check([path, "/echo"], &[lab.trusted()], true)
        .await?
        .json()?;
    assert_eq!(each(&json, "status"), [302, 101]);
    assert_eq!(lab.origin.seen().len(), 2);
    Ok(())
}

#[tokio::test]
async fn the_query_and_credentials_of_a_url_are_sent_and_not_shown() -> Result {
    let lab = Lab::start("query").await?;
    let paths = ["/a?token=s3cr3t#s3cr3t", "/b?token=s3cr3t"];
    for (variables, code) in [(&[lab.trusted()][..], 0), (&[], 1)] {
        for json in [true, false] {
            let ran = lab.check(paths, variables, json).await?;
            assert_eq!(ran.code, Some(code), "{}", ran.output());
            assert!(!ran.output().contains(SECRET), "{}", ran.output());
            assert!(ran.stdout.contains("/a") && ran.stdout.contains("/b"));
        }
    }
    let seen = lab.origin.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|it| it.path.ends_with("?token=s3cr3t")));

    let with_credentials = format!("https://user:s3cr3t@localhost:{}/", lab.origin.port());
    for argument in [
        &with_credentials,
        "user:s3cr3t@localhost",
        "ftp://s3cr3t@localhost/",
    ] {
        let ran = run(&["check", "-v", argument], &[]).await?;
        let code = if argument.contains(":s3cr3t@localhost:") {
            1
        } else {
            2
        };
        assert_eq!(ran.code, Some(code), "{}", ran.output());
        assert!(!ran.output().contains(SECRET), "{}", ran.output());
    }
    Ok(())
}

#[tokio::test]
async fn an_argument_without_a_scheme_stops_everything_before_it_begins() -> Result {
    let lab = Lab::start("scheme").await?;
    let url = lab.origin.url("https", "localhost", "/");
    let ran = run(&["check", &url, "localhost:443/path"], &[lab.trusted()]).await?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("https://HOST/PATH"), "{}", ran.stderr);
    let ran = run(
        &["check", "--json", &url, "localhost/path"],
        &[lab.trusted()],
    )
    .await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(2));
    assert_eq!(json["error"]["kind"], "invalid_request");
    assert_eq!(lab.origin.connections(), 0);
    Ok(())
}

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().into_iter();
    object
        .flat_map(|it| it.keys().map(String::as_str))
        .collect()
}

/// What programs rely on: docs/check.md.
#[tokio::test]
async fn every_key_is_always_there() -> Result {
    let lab = Lab::start("keys").await?;
    let other = file("check-keys-other.pem", &Authority::root("Other Root").pem())?;
    let other = ("CODEX_CA_CERTIFICATE", text(&other)?);
    let result = [
        "chain",
        "classical_only_helps",
        "elapsed_ms",
        "error",
        "ok",
        "phases_ms",
        "protocol",
        "route",
        "route_reason",
        "status",
        "tls",
        "transport",
        "url",
        "verified_by",
        "would_verify",
    ];
    let error = [
        "causes",
        "fault",
        "hint",
        "interception",
        "kind",
        "line",
        "message",
        "missing_issuer",
        "path",
        "peer",
        "phase",
        "position",
        "product",
        "refusal",
        "variable",
    ];
    for (variable, ok) in [(lab.trusted(), true), (other, false)] {
        let json = lab.check(["/", "/"], &[variable], true).await?.json()?;
        assert_eq!(keys(&json), ["error", "policy", "results"]);
        for checked in json["results"].as_array().into_iter().flatten() {
            assert_eq!(keys(checked), result);
            assert_eq!(
                keys(&checked["would_verify"]),
                ["both", "bundle", "mozilla", "platform"]
            );
            assert_eq!(
                keys(&checked["phases_ms"]),
                ["connect", "proxy", "request", "resolve", "tls"]
            );
            match ok {
                true => assert_eq!(
                    keys(&checked["tls"]),
                    ["alpn", "cipher_suite", "key_exchange", "resumed", "version"]
                ),
                false => assert_eq!(keys(&checked["error"]), error),
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_is_described_with_what_vouches_for_it() -> Result {
    let lab = Lab::start("facts").await?;
    let json = lab
        .check(["/", "/echo"], &[lab.trusted()], true)
        .await?
        .json()?;
    for (number, alpn) in [(0, "h2"), (1, "http/1.1")] {
        let checked = &json["results"][number];
        assert_eq!(checked["tls"]["version"], "TLS 1.3");
        assert_eq!(checked["tls"]["alpn"], alpn);
        assert_eq!(checked["tls"]["resumed"], true);
        assert_eq!(checked["chain"][0]["issuer"], "CN=Lab Root");
        let verified_by = &checked["verified_by"];
        assert_eq!(verified_by["kind"], "anchor");
        assert_eq!(verified_by["subject"], "CN=Lab Root");
        assert_eq!(verified_by["file"], lab.bundle);
        let would = json!({"platform": false, "bundle": true, "both": true, "mozilla": false});
        assert_eq!(checked["would_verify"], would);
        assert_eq!(checked["route_reason"], "no proxy is set for it");
        for phase in ["resolve", "connect", "tls", "request"] {
            assert!(checked["phases_ms"][phase].is_f64(), "{phase}: {checked}");
        }
        assert!(checked["phases_ms"]["proxy"].is_null());
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_chain_is_shown_with_who_would_trust_it() -> Result {
    let lab = Lab::start("refused-chain").await?;
    let other = file(
        "check-refused-other.pem",
        &Authority::root("Other Root").pem(),
    )?;
    let other = [("CODEX_CA_CERTIFICATE", text(&other)?)];
    let json = lab.check(["/", "/echo"], &other, true).await?.json()?;
    for error in each(&json, "error") {
        assert_eq!(error["refusal"], "unknown_issuer");
        assert_eq!(error["missing_issuer"], "CN=Lab Root");
        assert_eq!(error["interception"], "private_issuer");
    }
    let would = json!({"platform": false, "bundle": false, "both": false, "mozilla": false});
    assert_eq!(each(&json, "would_verify"), [&would, &would]);
    let shown = lab.check(["/", "/echo"], &other, false).await?.stdout;
    assert!(shown.contains("the bundle alone no"), "{shown}");
    assert!(shown.contains("issued by `CN=Lab Root`"), "{shown}");

    let json = lab.check(["/", "/"], &[], true).await?.json()?;
    let would = json!({"platform": false, "bundle": null, "both": null, "mozilla": false});
    assert_eq!(each(&json, "would_verify"), [&would, &would]);
    Ok(())
}

#[tokio::test]
async fn a_server_whose_own_certificate_is_in_the_bundle_is_pinned() -> Result {
    let template = Template::server(&["localhost"]).constraints(Constraints::Authority);
    let end_entity = template.self_signed();
    let bundle = file("check-pinned.pem", &end_entity.chain_pem())?;
    let origin = Origin::https(end_entity).await?;
    let url = origin.url("https", "localhost", "/");
    let variables = [("CODEX_CA_CERTIFICATE", text(&bundle)?)];
    let json = run(&["check", "--json", "--both", &url], &variables)
        .await?
        .json()?;
    assert_eq!(each(&json, "ok"), [true, true]);
    for verified_by in each(&json, "verified_by") {
        assert_eq!(verified_by["kind"], "pinned");
    }
    Ok(())
}

#[tokio::test]
async fn both_transports_are_tried_for_one_url() -> Result {
    let lab = Lab::start("both").await?;
    let url = lab.origin.url("wss", "localhost", "/echo");
    let ran = run(&["check", "--both", "--json", &url], &[lab.trusted()]).await?;
    let json = ran.json()?;
    assert_eq!(ran.code, Some(0), "{}", ran.output());
    assert_eq!(each(&json, "transport"), ["wss", "https"]);
    let ran = run(&["check", "--json", &url], &[lab.trusted()]).await?;
    assert_eq!(ran.json()?["results"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn the_reason_for_a_route_is_told() -> Result {
    let lab = Lab::start("reason").await?;
    let proxy = Proxy::http().start().await?;
    let through = proxy.url("http");
    let proxied = ("HTTPS_PROXY", through.as_str());
    let json = lab
        .check(["/", "/echo"], &[proxied, lab.trusted()], true)
        .await?
        .json()?;
    assert_eq!(each(&json, "route_reason"), ["named by HTTPS_PROXY"; 2]);
    let excepted = ("NO_PROXY", "example.com, localhost ,10.0.0.0/8");
    let variables = [proxied, excepted, lab.trusted()];
    let json = lab.check(["/", "/echo"], &variables, true).await?.json()?;
    assert_eq!(each(&json, "route"), ["direct"; 2]);
    assert_eq!(each(&json, "route_reason"), ["NO_PROXY has `localhost`"; 2]);
    Ok(())
}

#[tokio::test]
async fn the_credentials_of_a_proxy_are_used_and_not_shown() -> Result {
    let lab = Lab::start("proxy").await?;
    let company = Authority::root("Company CA");
    let proxy = Proxy::intercepting(company.clone())
        .upstream_root(&lab.root)
        .credentials("user", SECRET)
        .start()
        .await?;
    let bundle = file("check-company.pem", &company.pem())?;
    let through = proxy.url_with("http", "user", SECRET);
    let trusted = ("CODEX_CA_CERTIFICATE", text(&bundle)?);
    for (variables, code) in [
        (&[("HTTPS_PROXY", through.as_str()), trusted][..], 0),
        (&[("HTTPS_PROXY", through.as_str()), lab.trusted()], 1),
    ] {
        for json in [true, false] {
            let ran = lab.check(["/", "/echo"], variables, json).await?;
            assert_eq!(ran.code, Some(code), "{}", ran.output());
            assert!(!ran.output().contains(SECRET), "{}", ran.output());
            assert!(ran.stdout.contains(&proxy.url("http")), "{}", ran.stdout);
        }
    }
    let seen = proxy.seen();
    // A probe, the request and a second probe where there is trust, else one probe.
    assert_eq!(seen.len(), 4 * 3 + 4, "nothing went around the proxy");
    let presented = format!("user:{SECRET}");
    assert!(
        seen.iter()
            .all(|it| it.credentials.as_deref() == Some(&presented))
    );
    assert!(seen.iter().all(|it| it.intercepted));
    Ok(())
}

#[tokio::test]
async fn without_a_policy_nothing_is_tried() -> Result {
    let lab = Lab::start("none").await?;
    for (variable, value, kind) in [
        ("SSL_CERT_FILE", "/nonexistent", "unreadable"),
        (
            "HTTPS_PROXY",
            "ftp://user:s3cr3t@127.0.0.1",
            "invalid_proxy",
        ),
    ] {
        let variables = [(variable, value)];
        let ran = lab.check(["/", "/echo"], &variables, true).await?;
        let json = ran.json()?;
        assert_eq!(ran.code, Some(2), "{}", ran.output());
        assert_eq!(
            (&json["results"], &json["policy"]),
            (&json!([]), &Value::Null)
        );
        assert_eq!(
            (&json["error"]["kind"], &json["error"]["variable"]),
            (&json!(kind), &json!(variable))
        );
        let ran = lab.check(["/", "/echo"], &variables, false).await?;
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
    }
    assert_eq!(lab.origin.connections(), 0);
    Ok(())
}
