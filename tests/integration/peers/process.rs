//! The programs as processes: each with a folder and a port of its own, in the foreground, and gone
//! with the test that has started it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running program. Dropping it asks it to end, and makes it if it does not.
pub(super) struct Peer {
    process: Child,
    home: TempDir,
    address: SocketAddr,
}

impl Peer {
    /// Runs the program, and waits until it listens at this port.
    pub(super) async fn start(home: TempDir, port: u16, mut command: Command) -> Self {
        let log = File::create(home.path().join(LOG)).expect("a file");
        let process = command
            .current_dir(home.path())
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let mut this = Self {
            process,
            home,
            address,
        };
        let up = |this: &Self| TcpStream::connect(this.address).is_ok();
        this.until("it listens", up).await;
        this
    }

    /// Waits until this is so, for as long as the program runs, and not for ever.
    pub(super) async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !so(self) {
            let ended = self.process.try_wait().expect("a process");
            let late = begin.elapsed() > READY;
            if ended.is_some() || late {
                panic!("not so: {what} ({ended:?})\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its URL as a proxy, with whatever stands before the host: nothing, or credentials and `@`.
    pub(super) fn url(&self, scheme: &str, credentials: &str) -> String {
        format!("{scheme}://{credentials}{}", self.address)
    }

    /// A file in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// What it has printed.
    pub(super) fn log(&self) -> String {
        self.text(LOG)
    }

    /// What stands in a file of its folder.
    pub(super) fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(None)) {
            // Its number may be somebody else's by now.
            return;
        }
        // Some leave shared memory or children behind if they are given no time.
        let id = self.process.id().to_string();
        let asked = Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &id])
            .status()
            .is_ok_and(|status| status.success());
        let begin = Instant::now();
        while asked && begin.elapsed() < PATIENCE {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // It may have ended by itself meanwhile.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder that a program can enter which gives up the rights of root.
pub(super) fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a directory");
    let all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(home.path(), all).expect("permissions");
    home
}

/// Whether the programs are started as root, and some have to be told who to become.
pub(super) fn root(home: &Path) -> bool {
    fs::metadata(home).expect("a directory").uid() == 0
}

/// Writes a file, and says where.
pub(super) fn file(home: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = home.path().join(name);
    fs::write(&path, text).expect("written");
    path
}

/// A program with nothing in its environment but where other programs and its own files are.
pub(super) fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// The first thing that looks like a version in what `name` says to `args`.
pub(super) fn version(name: &str, args: &[&str]) -> String {
    let output = command(name).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let words = said.split([' ', '\n', '/', '\t']);
    let mut words = words.map(|word| word.trim_start_matches('v').trim_end_matches(['.', ',']));
    let version = words.find(|it| it.contains('.') && it.starts_with(|c: char| c.is_ascii_digit()));
    let version = version.unwrap_or_else(|| panic!("{name} {args:?} tells no version: {said}"));
    version.to_owned()
}

/// Where a program is: at `TEST_NAME`, below the folder that `.ci/peers` fills, or on the path. One
/// that is missing is a failure, since it would pass for one that works.
fn program(name: &str) -> PathBuf {
    if let Some(named) = std::env::var_os(format!("TEST_{}", name.to_uppercase())) {
        return named.into();
    }
    let mut folders = vec![installed("python/bin")];
    folders.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    // Where Debian has servers, which is not on everybody's path.
    folders.extend(["/usr/sbin", "/usr/lib/squid"].map(PathBuf::from));
    let found = folders.into_iter().map(|folder| folder.join(name));
    let found = found.into_iter().find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing; .ci/peers installs it"))
}

/// A path in the folder that `.ci/peers` fills.
pub(super) fn installed(path: &str) -> PathBuf {
    let folder = std::env::var_os(FOLDER).unwrap_or_else(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        OsString::from(here.join("target/peers"))
    });
    Path::new(&folder).join(path)
}

/// A port that nobody listens at, out of those that no system hands out by itself: another test
/// cannot be given it before the program takes it.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..PORTS)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed) + 37 * std::process::id())
        .filter_map(|number| u16::try_from(FIRST_PORT + number % PORTS).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}

/// Names the folder that `.ci/peers` fills.
const FOLDER: &str = "TEST_PEERS";
const LOG: &str = "log";
const FIRST_PORT: u32 = 20_000;
const PORTS: u32 = 12_000;
const READY: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(5);
