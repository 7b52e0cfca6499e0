//! Programs without async: every attempt ends as it does with async, in the same words, and clients
//! and sockets do what they say.

mod everyday;

use std::future::Future;
use std::time::Duration;

use trusted_transport::ws::Message;
use trusted_transport::{
    BaseRoots, CaPolicy, ProxyPolicy, Reloaded, TransportError, TrustedTransport,
};
use trusted_transport_lab::{
    Authority, Fault, Form, Origin, Proxy, ProxyFault, Scripted, Validity,
};

use crate::support::{self, HOST};
use crate::told::Told;

/// Long enough for what answers, and short for what never does.
const LIMIT: Duration = Duration::from_millis(700);

/// Runs the servers, and nothing of what is tested.
struct Lab(tokio::runtime::Runtime);

impl Lab {
    fn new() -> Self {
        Self(tokio::runtime::Runtime::new().expect("a runtime"))
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }

    fn origin(&self, root: &Authority) -> Origin {
        let origin = self.wait(Origin::https(root.issue(&[HOST])));
        origin.expect("an origin")
    }

    fn transport(&self, root: &Authority, origin: &Origin) -> TrustedTransport {
        support::built(support::trusting(&[root]), origin)
    }

    /// The four attempts at this port and path of `host`, which must agree on how they end.
    fn agreed(&self, transport: &TrustedTransport, host: &str, port: u16, path: &str) -> Ended {
        let url = |scheme| format!("{scheme}://{host}:{port}{path}");
        let (https, wss) = (url("https"), url("wss"));
        let told = |error: TransportError| Box::new(Told::of(&error));
        let ended = get(transport, &https).map(drop).map_err(told);
        let with_async = self.wait(support::get(transport, &https));
        assert_eq!(ended, with_async.map(drop).map_err(told), "{https}");
        let socket = echo(transport, &wss).map_err(told);
        let with_async = self.wait(support::echo(transport, &wss));
        assert_eq!(socket, with_async.map_err(told), "{wss}");
        assert_eq!(ended, socket);
        ended
    }

    fn failed(&self, transport: &TrustedTransport, port: u16) {
        let ended = self.agreed(transport, HOST, port, "/");
        ended.expect_err("it fails");
    }
}

type Ended = Result<(), Box<Told>>;

/// One GET request.
fn get(transport: &TrustedTransport, url: &str) -> Result<u16, TransportError> {
    let client = transport.http().build_blocking()?;
    Ok(client.get(url).send()?.status().as_u16())
}

/// One WebSocket, and one message there and back.
fn echo(transport: &TrustedTransport, url: &str) -> Result<(), TransportError> {
    let (mut socket, _) = transport.websocket(url).connect_blocking()?;
    socket.send("there and back").expect("the message is sent");
    let answer = socket.next().expect("an answer").expect("a message");
    assert_eq!(answer, Message::text("there and back"));
    socket.close(None).expect("the socket closes");
    Ok(())
}

#[test]
fn every_form_of_chain_has_the_same_verdict_and_words() {
    let lab = Lab::new();
    let mut accepted = 0;
    for form in Form::ALL {
        let case = form.case();
        let origin = lab.wait(Origin::https(case.end_entity.clone()));
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
        let ended = lab.agreed(&transport, case.host, origin.port(), "/");
        // Whoever is refused has said nothing.
        assert_eq!(origin.seen().is_empty(), ended.is_err(), "{form:?}");
        accepted += usize::from(ended.is_ok());
    }
    assert!(0 < accepted && accepted < Form::ALL.len());
}

#[test]
fn every_failure_of_a_server_is_told_the_same() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let fails = &|fault: &Fault| {
        let steps = fault.steps(&root.issue(&[HOST]));
        let server = lab.wait(Scripted::plain(steps)).expect("a server");
        let builder = support::trusting(&[&root]).connect_timeout(LIMIT);
        let transport = builder.resolve(HOST, [server.addr()]).build();
        lab.failed(&transport.expect("built"), server.port());
    };
    // A reset at once is a failure of TCP or of TLS, whichever notices it first.
    let faults = Fault::ALL.iter();
    let faults = faults.filter(|it| !matches!(it, Fault::ResetOnAccept));
    // All together, since some only end with their time.
    std::thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || fails(fault));
        }
    });
}

#[test]
fn every_failure_of_a_proxy_is_told_the_same() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let fails = &|proxy: std::net::SocketAddr| {
        let builder = support::trusting(&[&root]).connect_timeout(LIMIT);
        let builder = builder.proxy(ProxyPolicy::all(format!("http://{proxy}")));
        lab.failed(&support::built(builder, &origin), origin.port());
    };
    std::thread::scope(|scope| {
        for fault in ProxyFault::ALL {
            let proxy = lab.wait(Scripted::plain(fault.steps())).expect("a proxy");
            scope.spawn(move || {
                fails(proxy.addr());
                assert!(proxy.connections() >= 4, "{fault:?}");
            });
        }
        let (_dead, dead) = support::dead_address();
        fails(dead);
    });
    assert_eq!(origin.connections(), 0);
}

#[test]
fn every_route_is_taken() {
    let lab = Lab::new();
    let [root, corporate, unknown] = ["Root", "Corporate", "Unknown"].map(Authority::root);
    let origin = lab.origin(&root);
    for (builder, scheme, outcome) in [
        (Proxy::http(), "http", Ok(())),
        (Proxy::socks(), "socks5h", Ok(())),
        (Proxy::intercepting(corporate.clone()), "http", Ok(())),
        (Proxy::intercepting(unknown), "http", Err("untrusted")),
    ] {
        let proxy = lab.wait(builder.upstream_root(&root).start());
        let proxy = proxy.expect("a proxy");
        let policy = ProxyPolicy::all(proxy.url(scheme));
        let transport = support::trusting(&[&root, &corporate]).proxy(policy);
        let transport = support::built(transport, &origin);
        let ended = lab.agreed(&transport, HOST, origin.port(), "/");
        assert_eq!(ended.map_err(|told| told.kind), outcome);
        assert!(proxy.connections() > 0, "{scheme}");
    }
}

#[test]
fn what_is_refused_before_the_first_socket_is_the_same() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let only_tls = support::built(support::trusting(&[&root]).https_only(true), &origin);
    for error in [
        get(&only_tls, &origin.url("http", HOST, "/")).map(drop),
        echo(&only_tls, &origin.url("ws", HOST, "/")),
    ] {
        assert_eq!(error.expect_err("no TLS").kind(), "insecure_scheme");
    }
    let proxy = lab.wait(Proxy::http().start()).expect("a proxy");
    let builder = support::trusting(&[&root]).proxy(ProxyPolicy::all(proxy.url("http")));
    let transport = support::built(builder, &origin);
    for url in ["https://[::1]/", "https://a..b/", "not a URL", "ftp://a/"] {
        let error = get(&transport, url).expect_err(url);
        let with_async = lab.wait(support::get(&transport, url)).expect_err(url);
        assert_eq!(Told::of(&error), Told::of(&with_async));
        assert_eq!(error.kind(), "invalid_request", "{url}");
    }
    assert_eq!((origin.connections(), proxy.connections()), (0, 0));
}

#[test]
fn a_redirect_fails_where_it_leads() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    let origin = lab.origin(&root);
    let plain = lab.wait(Origin::plain()).expect("an origin");
    let unknown = Authority::root("Unknown").issue(&["elsewhere.test"]);
    let elsewhere = lab.wait(Origin::https(unknown)).expect("an origin");
    let builder = support::trusting(&[&root]).https_only(true);
    let builder = builder.resolve("elsewhere.test", [elsewhere.addr()]);
    let transport = support::built(builder, &origin);
    let redirected = |to: String| {
        let url = origin.url("https", HOST, &format!("/redirect?to={to}"));
        let error = get(&transport, &url).expect_err("it fails");
        let with_async = lab.wait(support::get(&transport, &url));
        let with_async = with_async.expect_err("it fails");
        assert_eq!(Told::of(&error), Told::of(&with_async));
        error
    };
    let insecure = redirected(plain.url("http", "plain.test", "/"));
    assert!(
        matches!(&insecure, TransportError::InsecureScheme { host, .. } if host == "plain.test"),
        "{insecure:?}"
    );
    assert_eq!(plain.connections(), 0);
    let untrusted = redirected(elsewhere.url("https", "elsewhere.test", "/"));
    let failure = untrusted.trust_failure().expect("a failure of trust");
    assert_eq!(failure.host(), "elsewhere.test");
    assert_eq!(failure.chain().len(), 1);
}

#[test]
fn what_is_trusted_changes_with_a_reload() {
    let lab = Lab::new();
    let [root, other] = ["Root", "Other"].map(Authority::root);
    let origin = lab.origin(&root);
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("bundle.pem");
    std::fs::write(&bundle, root.pem()).expect("written");
    let anchors = CaPolicy::platform().base(BaseRoots::None).bundle(&bundle);
    let builder = TrustedTransport::builder(anchors.load().expect("it loads"));
    let transport = support::built(builder.proxy(ProxyPolicy::Direct), &origin);
    let client = transport.http().build_blocking().expect("a client");
    let get = || client.get(origin.url("https", HOST, "/")).send();
    let wss = origin.url("wss", HOST, "/");

    get().expect("trusted");
    std::fs::write(&bundle, "damaged").expect("written");
    transport.reload().expect_err("nothing is read");
    get().expect("still trusted");
    echo(&transport, &wss).expect("still trusted");

    std::fs::write(&bundle, other.pem()).expect("written");
    assert_eq!(
        transport.reload().expect("it loads again"),
        Reloaded::Changed
    );
    let error = get().expect_err("over the connection that was open before");
    assert!(error.trust_failure().is_some(), "{error:?}");
    let error = echo(&transport, &wss).expect_err("not trusted any more");
    assert!(error.trust_failure().is_some(), "{error:?}");
}

#[test]
fn a_certificate_is_refused_by_its_dates_and_names() {
    let lab = Lab::new();
    let root = Authority::root("Root");
    for (end_entity, refusal) in [
        (root.issue_with(&[HOST], Validity::Expired), "expired"),
        (root.issue(&["other.test"]), "wrong_host"),
        (Authority::root("Unknown").issue(&[HOST]), "unknown_issuer"),
    ] {
        let origin = lab.wait(Origin::https(end_entity)).expect("an origin");
        let transport = lab.transport(&root, &origin);
        for result in [
            get(&transport, &origin.url("https", HOST, "/")).map(drop),
            echo(&transport, &origin.url("wss", HOST, "/")),
        ] {
            let error = result.expect_err("refused");
            let failure = error.trust_failure().expect("a failure of trust");
            assert_eq!(failure.refusal().as_str(), refusal);
            assert_eq!(failure.host(), HOST);
            assert!(error.hint().is_some() && !failure.chain().is_empty());
        }
    }
}
