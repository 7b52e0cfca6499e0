//! A scene with its servers running, and a program that is run before it as a process of its own.

use std::ffi::OsString;
use std::future::ready;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::map_request;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;
use trusted_transport::{CaPolicy, HttpClient, ProxyPolicy, TransportError, TrustedTransport};
use trusted_transport_lab::{Authority, Proxy, ProxySeen, Site};

use crate::scene::{Argument, HOST, LOCALHOST, Person, Scene};

/// The servers of a scene. Dropping it ends them.
pub struct Stage {
    folder: TempDir,
    proxy: Proxy,
    site: Site,
    arguments: Vec<Argument>,
    person: Person,
    typed: Option<Vec<u8>>,
    interrupt: Option<String>,
    variables: Vec<(&'static str, &'static str)>,
    requests: Arc<AtomicUsize>,
    browser: HttpClient,
}

/// What the program finds in `SSL_CERT_FILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// The company's bundle.
    Company,
    /// The bundle of another company.
    Stranger,
    /// The name of a file that is not there.
    Missing,
    /// The variable is not set.
    Unset,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What it printed on standard error, unless a terminal got it.
    pub errors: String,
}

impl Stage {
    /// Starts the servers.
    ///
    /// # Errors
    /// Those of the system: no port, no folder.
    pub async fn start(scene: Scene) -> io::Result<Self> {
        let [company, stranger, world] = ["Company Root", "Stranger Root", "World Root"];
        let [company, stranger, world] = [company, stranger, world].map(Authority::root);
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let service = scene.service.layer(map_request(move |request: Request| {
            counter.fetch_add(1, Ordering::SeqCst);
            ready(request)
        }));
        let site = Site::https(world.issue(&[HOST, LOCALHOST]), service).await?;
        let proxy = Proxy::intercepting(company.clone()).upstream_root(&world);
        let proxy = proxy.start().await?;
        let folder = TempDir::new()?;
        std::fs::write(folder.path().join(COMPANY), company.pem())?;
        std::fs::write(folder.path().join(STRANGER), stranger.pem())?;
        Ok(Self {
            browser: browser(&folder.path().join(COMPANY), &proxy)?,
            folder,
            proxy,
            site,
            arguments: scene.arguments,
            person: scene.person,
            typed: scene.typed,
            interrupt: scene.interrupt,
            variables: scene.variables,
            requests,
        })
    }

    /// Runs a program, unseen.
    ///
    /// # Errors
    /// It could not be started, or has not ended in time.
    pub async fn run(&self, program: &Path, bundle: Bundle) -> io::Result<Ended> {
        let mut command = self.command(program, bundle);
        command.stderr(Stdio::piped());
        self.follow(command.spawn()?, |_| ()).await
    }

    /// Runs a program, unseen, and something else beside it that knows its process.
    ///
    /// # Errors
    /// It could not be started, or has not ended in time.
    pub async fn run_beside(
        &self,
        program: &Path,
        bundle: Bundle,
        beside: impl AsyncFnOnce(u32),
    ) -> io::Result<Ended> {
        let mut command = self.command(program, bundle);
        command.stderr(Stdio::piped());
        let child = command.spawn()?;
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        let (ended, ()) = tokio::join!(self.follow(child, |_| ()), beside(id));
        ended
    }

    /// Runs a program, and shows how it is called and what it says.
    ///
    /// # Errors
    /// It could not be started, or has not ended in time.
    pub async fn show(&self, program: &Path, bundle: Bundle) -> io::Result<Ended> {
        let name = program.file_stem().unwrap_or_default().to_string_lossy();
        let mut words: Vec<String> = Vec::new();
        for (variable, value) in self.variables(bundle) {
            words.push(format!("{variable}={}", value.to_string_lossy()));
        }
        words.push(name.into_owned());
        words.extend(self.arguments().into_iter().map(quoted));
        println!("$ {}", words.join(" "));
        let typed = String::from_utf8_lossy(self.typed.as_deref().unwrap_or_default());
        for line in typed.lines() {
            println!("< {line}");
        }
        let child = self.command(program, bundle).spawn()?;
        self.follow(child, |line| println!("{line}")).await
    }

    /// What the proxy was asked for.
    pub fn asked(&self) -> Vec<ProxySeen> {
        self.proxy.seen()
    }

    /// How many connections the service has had.
    pub fn connections(&self) -> usize {
        self.site.connections()
    }

    /// How many requests the service has had.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    fn command(&self, program: &Path, bundle: Bundle) -> Command {
        let mut command = Command::new(program);
        for variable in VARIABLES {
            command.env_remove(variable);
            command.env_remove(variable.to_lowercase());
        }
        command
            .args(self.arguments())
            .envs(self.variables(bundle))
            .stdin(match self.typed {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn variables(&self, bundle: Bundle) -> Vec<(&'static str, OsString)> {
        let file = match bundle {
            Bundle::Company => Some(COMPANY),
            Bundle::Stranger => Some(STRANGER),
            Bundle::Missing => Some("missing.pem"),
            Bundle::Unset => None,
        };
        let file = file.map(|file| ("SSL_CERT_FILE", self.file(file).into_os_string()));
        let proxy = ("HTTPS_PROXY", self.proxy.url("http").into());
        let own = self.variables.iter();
        let own = own.map(|(name, value)| (*name, value.into()));
        [proxy].into_iter().chain(file).chain(own).collect()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self) -> Vec<String> {
        let arguments = self.arguments.iter();
        let written = |argument: &Argument| match argument {
            Argument::Url { scheme, host, path } => self.site.url(scheme, host, path),
            Argument::Text(text) => text.clone(),
        };
        arguments.map(written).collect()
    }

    /// The keyboard, if nobody has ended the input.
    async fn kept_open(&self, mut keyboard: Option<ChildStdin>) -> Option<ChildStdin> {
        if let (Some(keyboard), Some(text)) = (&mut keyboard, &self.typed) {
            // Who does not read it has its reasons.
            keyboard.write_all(text).await.ok();
        }
        keyboard.filter(|_| self.interrupt.is_some())
    }

    /// The person reacts to each line while the program goes on.
    async fn follow(&self, mut child: Child, mut show: impl FnMut(&str)) -> io::Result<Ended> {
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stderr = child.stderr.take();
        let keyboard = self.kept_open(child.stdin.take()).await;
        let process = child.id();
        let output = async {
            let (mut lines, mut output) = (BufReader::new(stdout).lines(), String::new());
            while let Some(line) = lines.next_line().await? {
                show(&line);
                if self.interrupt.as_ref() == Some(&line) {
                    interrupt(process).await?;
                }
                output += &line;
                output.push('\n');
                tokio::spawn((self.person)(self.browser.clone(), line));
            }
            io::Result::Ok(output)
        };
        let errors = async {
            let mut errors = String::new();
            if let Some(mut stderr) = stderr {
                stderr.read_to_string(&mut errors).await?;
            }
            io::Result::Ok(errors)
        };
        let (output, errors, status) = timeout(LIMIT, async {
            tokio::try_join!(output, errors, child.wait())
        })
        .await??;
        drop(keyboard);
        Ok(Ended {
            code: status.code(),
            output,
            errors,
        })
    }
}

fn quoted(argument: String) -> String {
    match argument.contains(' ') {
        true => format!("'{argument}'"),
        false => argument,
    }
}

/// What a terminal does at ctrl-c.
async fn interrupt(process: Option<u32>) -> io::Result<()> {
    let process = process.ok_or(io::ErrorKind::NotFound)?.to_string();
    let mut kill = Command::new("kill");
    kill.args(["-INT", &process]).status().await.map(drop)
}

/// What the person in the company browses with: redirects lead back to the program, without the proxy.
fn browser(bundle: &Path, proxy: &Proxy) -> Result<HttpClient, TransportError> {
    let anchors = CaPolicy::platform().bundle(bundle).load()?;
    TrustedTransport::builder(anchors)
        .proxy(ProxyPolicy::all(proxy.url("http")).no_proxy("127.0.0.1"))
        .build()?
        .http()
        .build()
}

const COMPANY: &str = "company.pem";
const STRANGER: &str = "stranger.pem";
const LIMIT: Duration = Duration::from_secs(60);
const VARIABLES: [&str; 15] = [
    "ALL_PROXY",
    "API_TOKEN",
    "CLIENT_SECRET",
    "CODEX_CA_CERTIFICATE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "MCP_TOKEN",
    "NO_PROXY",
    "OPENAI_API_KEY",
    "QUEUE_TOKEN",
    "REALTIME_TOKEN",
    "RESPONSES_TOKEN",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "VOICE_TOKEN",
];
