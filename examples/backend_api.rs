//! A typed client of a JSON API: pages, deadlines, and another try for what may pass.
//!
//! `cargo run --example backend_api` rehearses it on loopback, behind a proxy that re-signs TLS; with a
//! URL behind it, `-- https://api.example.com/v1/`, and a token in `API_TOKEN`, it is run for real.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable as _};
use http::Response;
use serde::Deserialize;
use trusted_transport::http::{StatusCode, Url, header, redirect};
use trusted_transport::{CaPolicy, HttpClient, TransportError, TrustedTransport, in_full};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = env::args().nth(1) else {
        return stage::rehearse(stage::api::scene()).await;
    };
    match run(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_full(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let token = env::var("API_TOKEN").map_err(|_| "API_TOKEN is not set")?;
    // Neither a URL nor a redirect takes the token to where it can be read on the way.
    let transport = TrustedTransport::builder(CaPolicy::from_env().load()?)
        .https_only(true)
        .build()?;
    let api = Api::at(url, token, &transport)?;
    let mut after = None;
    loop {
        let page = api.orders(after).await?;
        for order in page.orders {
            // What a server says is text, and nothing that steers a terminal.
            let item = order.item.replace(char::is_control, "\u{fffd}");
            println!("order {}: {item}", order.number);
        }
        match page.after {
            Some(last) if Some(last) > after => after = Some(last),
            Some(_) => return Err(ApiError::Circle.into()),
            None => return Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    orders: Vec<Order>,
    /// The last number, if there are more.
    after: Option<u64>,
}

#[derive(Deserialize)]
struct Order {
    number: u64,
    item: String,
}

#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("the API was not reached")]
    Transport(#[from] TransportError),
    #[error("the API answered with status {status}{}", asking(*.retry_after))]
    Status {
        status: StatusCode,
        /// What the server has asked for.
        retry_after: Option<Duration>,
    },
    #[error("the API's page cannot be read")]
    Page(#[from] serde_json::Error),
    #[error("the API's pages lead back to one that was read")]
    Circle,
}

struct Api {
    orders: Url,
    token: String,
    client: HttpClient,
}

impl Api {
    fn at(base: &str, token: String, transport: &TrustedTransport) -> Result<Self, Box<dyn Error>> {
        let mut orders = Url::parse(base)?;
        let mut path = orders.path_segments_mut().map_err(|()| "not a base URL")?;
        path.pop_if_empty().push("orders");
        drop(path);
        let client = transport
            .http()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .read_timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            orders,
            token,
            client,
        })
    }

    /// One page, asked for until it is there or there is no hope.
    async fn orders(&self, after: Option<u64>) -> Result<Page, ApiError> {
        (|| self.orders_once(after))
            .retry(pace())
            .when(ApiError::may_pass)
            .adjust(|error, delay| match error.retry_after() {
                Some(asked) => delay.and((asked <= LONGEST).then_some(asked)),
                None => delay,
            })
            .notify(|error, delay| eprintln!("again in {:.1} s: {error}", delay.as_secs_f32()))
            .await
    }

    async fn orders_once(&self, after: Option<u64>) -> Result<Page, ApiError> {
        let request = self.client.get(self.orders.clone());
        let request = request.bearer_auth(&self.token).query(&[("after", after)]);
        let response = request.exchange(LARGEST).await?;
        if !response.status().is_success() {
            return Err(ApiError::refused(&response));
        }
        Ok(serde_json::from_slice(response.body())?)
    }
}

impl ApiError {
    fn refused(response: &Response<impl AsRef<[u8]>>) -> Self {
        let retry_after = response.headers().get(header::RETRY_AFTER);
        Self::Status {
            status: response.status(),
            retry_after: retry_after.and_then(|it| wait(it.to_str().ok()?)),
        }
    }

    /// A certificate that is refused now is refused the next time, too: that is never tried again.
    fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Status { status, .. } => matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504),
            Self::Page(_) | Self::Circle => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Transport(_) | Self::Page(_) | Self::Circle => None,
        }
    }
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn wait(text: &str) -> Option<Duration> {
    let seconds = text.parse().map(Duration::from_secs);
    let until = |date: SystemTime| date.duration_since(SystemTime::now()).unwrap_or_default();
    let date = || httpdate::parse_http_date(text).ok();
    seconds.ok().or_else(|| date().map(until))
}

fn asking(retry_after: Option<Duration>) -> String {
    let asked = retry_after.map(|it| format!(", and asks for {} s of patience", it.as_secs()));
    asked.unwrap_or_default()
}

fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_times(4)
        .with_jitter()
}

/// Who is asked to wait for longer had better say so.
const LONGEST: Duration = Duration::from_secs(60);
/// In bytes.
const LARGEST: usize = 1 << 20;
