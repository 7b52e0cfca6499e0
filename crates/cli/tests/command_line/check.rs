//! `check` connects over HTTPS and WSS under the environment's policy and proxies, explains
//! what fails, and repeats no secret.

use serde_json::{Value, json};
use trusted_transport_lab::{Authority, Origin, Proxy};

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
    assert_eq!(ran.stdout.lines().last(), Some("0 of 2 URLs connected"));
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
        assert_eq!(ran.code, Some(1), "{}", ran.output());
        assert!(!ran.output().contains(SECRET), "{}", ran.output());
    }
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
    assert_eq!(seen.len(), 8, "nothing went around the proxy");
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
