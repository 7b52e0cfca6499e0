//! The lab in a process of its own, so that the servers' memory and time are not the clients'. It
//! ends when its standard input does.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use trusted_transport::{
    BaseRoots, CaPolicy, ProxyPolicy, TransportBuilder, TrustAnchors, TrustedTransport,
};
use trusted_transport_lab::{Authority, Origin, Proxy};

use crate::Outcome;

/// Makes this program the servers.
pub(crate) const ARGUMENT: &str = "--servers";

pub(crate) struct Servers {
    child: Child,
    /// The roots of the origin and of the interceptor.
    pub(crate) pem: String,
    pub(crate) port: u16,
    /// `http://127.0.0.1:PORT`
    pub(crate) interceptor: String,
}

impl Servers {
    pub(crate) fn start() -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line)?;
        let text = |key: &str| told[key].as_str().map(str::to_owned).ok_or("no text");
        Ok(Self {
            pem: text("pem")?,
            port: told["port"].as_u64().ok_or("no port")?.try_into()?,
            interceptor: text("interceptor")?,
            child,
        })
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/", self.port)
    }

    pub(crate) fn anchors(&self) -> Outcome<TrustAnchors> {
        let policy = CaPolicy::platform().base(BaseRoots::None);
        Ok(policy.bundle_pem("servers", self.pem.as_bytes()).load()?)
    }

    fn builder(&self) -> Outcome<TransportBuilder> {
        Ok(TrustedTransport::builder(self.anchors()?))
    }

    pub(crate) fn token(&self) -> Outcome<TrustedTransport> {
        Ok(self.builder()?.proxy(ProxyPolicy::Direct).build()?)
    }

    pub(crate) fn token_through(&self, proxy: &str) -> Outcome<TrustedTransport> {
        Ok(self.builder()?.proxy(ProxyPolicy::all(proxy)).build()?)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Serves until the standard input ends.
pub(crate) fn serve() -> Outcome {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let (root, interceptor) = (Authority::root("Root"), Authority::root("Interceptor"));
    let pem = root.pem() + &interceptor.pem();
    let _servers = runtime.block_on(async {
        let origin = Origin::https(root.issue(&["localhost"])).await?;
        let proxy = Proxy::intercepting(interceptor).upstream_root(&root);
        let proxy = proxy.start().await?;
        let told = json!({"pem": pem, "port": origin.port(), "interceptor": proxy.url("http")});
        println!("{told}");
        Ok::<_, io::Error>((origin, proxy))
    })?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
