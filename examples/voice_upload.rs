//! Uploads a recording in pieces, with its description and with progress on the terminal: it is never
//! in memory as a whole, and a server that stops reading is left.
//!
//! `cargo run --example voice_upload` rehearses it on loopback, behind a proxy that re-signs TLS; with
//! a URL behind it, `-- https://voice.example.com/notes`, a WAV file if you have one, and a token in
//! `VOICE_TOKEN`, it is run for real.

use std::error::Error;
use std::f32::consts::TAU;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, io};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio::{fs, select};
use trusted_transport::http::multipart::{Form, Part};
use trusted_transport::http::{Body, StatusCode, Url, redirect};
use trusted_transport::{CaPolicy, HttpClient, TransportError, TrustedTransport, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(url) = arguments.next() else {
        return stage::rehearse(stage::voice_upload::scene()).await;
    };
    let file = arguments.next().map(PathBuf::from);
    match run(&url.to_string_lossy(), file).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str, file: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let token = env::var("VOICE_TOKEN").map_err(|_| "VOICE_TOKEN is not set")?;
    // Neither a URL nor a redirect takes the token to where it can be read on the way.
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?)
        .https_only(true)
        .build()?;
    let upload = Upload {
        url: Url::parse(url)?,
        token,
        client: transport
            .http()
            .redirect(redirect::Policy::none())
            .build()?,
        voice: Voice::of(file).await?,
        key: key(),
    };
    let late = |_| UploadError::Late(DEADLINE);
    timeout(DEADLINE, upload.send()).await.map_err(late)??;
    println!("uploaded {} bytes", upload.voice.length());
    Ok(())
}

struct Upload {
    url: Url,
    token: String,
    client: HttpClient,
    voice: Voice,
    /// The same for both attempts, so that the server keeps one recording.
    key: String,
}

impl Upload {
    /// Once more from the start, if what went wrong may pass.
    async fn send(&self) -> Result<(), UploadError> {
        match self.once().await {
            Err(error) if error.may_pass() => {
                eprintln!("again in {PAUSE:?}: {error}");
                sleep(PAUSE).await;
                self.once().await
            }
            ended => ended,
        }
    }

    async fn once(&self) -> Result<(), UploadError> {
        let voice = self.voice.open().await?;
        let bar = bar(self.voice.length());
        let (taken, mut progress) = watch::channel(0);
        let shown = bar.clone();
        let pieces = pieces(voice, self.voice.length(), move |count| {
            shown.set_position(count);
            taken.send_replace(count);
        });
        let request = self.client.post(self.url.clone());
        let request = request
            .bearer_auth(&self.token)
            .header("idempotency-key", &self.key)
            .multipart(self.form(Body::wrap_stream(pieces))?);
        let response = select! {
            sent = request.send() => sent,
            () = stalled(&mut progress) => return Err(UploadError::Stalled(*progress.borrow())),
        };
        bar.finish_and_clear();
        let status = response?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(UploadError::Refused(status)),
        }
    }

    fn form(&self, voice: Body) -> Result<Form, UploadError> {
        let length = self.voice.length();
        let about = json!({"title": "a voice", "bytes": length}).to_string();
        let about = Part::text(about).mime_str("application/json");
        let voice = Part::stream_with_length(voice, length).file_name("voice.wav");
        let voice = voice.mime_str("audio/wav");
        Ok(Form::new()
            .part("about", about.map_err(TransportError::from)?)
            .part("voice", voice.map_err(TransportError::from)?))
    }
}

enum Voice {
    File { path: PathBuf, length: u64 },
    Tone(Bytes),
}

impl Voice {
    async fn of(file: Option<PathBuf>) -> Result<Self, UploadError> {
        let Some(path) = file else {
            return Ok(Self::Tone(tone()));
        };
        let length = fs::metadata(&path).await.map_err(UploadError::File)?.len();
        Ok(Self::File { path, length })
    }

    fn length(&self) -> u64 {
        match self {
            Self::File { length, .. } => *length,
            Self::Tone(tone) => tone.len() as u64,
        }
    }

    /// From the start.
    async fn open(&self) -> Result<Box<dyn AsyncRead + Send + Unpin>, UploadError> {
        match self {
            Self::File { path, .. } => {
                let file = File::open(path).await.map_err(UploadError::File)?;
                Ok(Box::new(file))
            }
            Self::Tone(tone) => Ok(Box::new(io::Cursor::new(tone.clone()))),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum UploadError {
    #[error("the recording was not uploaded")]
    Transport(#[from] TransportError),
    #[error("the recording cannot be read")]
    File(#[source] io::Error),
    #[error("the server did not accept the recording, with status {0}")]
    Refused(StatusCode),
    #[error("the server has stopped: nothing has moved for too long, after {0} bytes")]
    Stalled(u64),
    #[error("the recording was not uploaded within {0:?}")]
    Late(Duration),
}

impl UploadError {
    /// A certificate that is refused now is refused the next time, too: that is never tried again.
    fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Refused(status) => matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504),
            Self::Stalled(_) => true,
            Self::File(_) | Self::Late(_) => false,
        }
    }
}

/// Read as they are asked for: what the server does not take stays on the disk. A file that has grown
/// meanwhile is sent as it was announced, and one that has shrunk is an error.
fn pieces(
    voice: Box<dyn AsyncRead + Send + Unpin>,
    length: u64,
    taken: impl Fn(u64) + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let start = (voice, 0, taken);
    stream::try_unfold(start, move |(mut voice, count, taken)| async move {
        taken(count);
        if count == length {
            return Ok(None);
        }
        let size = PIECE.min(length - count);
        let mut piece = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        if (&mut voice).take(size).read_buf(&mut piece).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = count + piece.len() as u64;
        Ok(Some((Bytes::from(piece), (voice, count, taken))))
    })
}

/// Ends when no piece has been taken for too long, or the answer is not there long after the last.
async fn stalled(progress: &mut watch::Receiver<u64>) {
    // Nothing is asked for before there is a connection, which has a deadline of its own.
    let mut taken = progress.changed().await;
    while taken.is_ok() {
        match timeout(STALL, progress.changed()).await {
            Ok(next) => taken = next,
            Err(_) => return,
        }
    }
    // Nobody takes pieces any more. What is in buffers has to arrive, and the server to think.
    sleep(TAIL).await;
}

/// On standard error, and only if that is a terminal.
fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A second of 440 Hz, as a WAV file: 16 bits, one channel.
fn tone() -> Bytes {
    let length = RATE * 2;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    for sample in 0..RATE {
        let height = (sample as f32 / RATE as f32 * 440.0 * TAU).sin();
        wav.extend(((height * 8000.0) as i16).to_le_bytes());
    }
    Bytes::from(wav)
}

/// Another one for every recording; it guards nothing, so it need not be secret.
fn key() -> String {
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}

/// For both attempts together.
const DEADLINE: Duration = Duration::from_secs(600);
const STALL: Duration = Duration::from_secs(5);
const TAIL: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);
const PIECE: u64 = 64 * 1024;
const RATE: u32 = 16_000;
