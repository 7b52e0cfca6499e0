//! A typed client of a JSON API: pages, deadlines, and another try for what may pass.
//!
//! `cargo run --example backend_api` rehearses it on loopback, behind a proxy that re-signs TLS;
//! with a URL behind it, `-- https://api.example.com/`, it is run for real.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use serde::Deserialize;
use trusted_transport::http::{Response, StatusCode, Url, header};
use trusted_transport::{HttpClient, TransportError, TrustedTransport, in_full};

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
    let transport = TrustedTransport::from_env()?;
    let api = Api::at(Url::parse(url)?, &transport)?;
    let mut after = None;
    loop {
        let page = api.orders(after).await?;
        for order in page.orders {
            println!("order {}: {}", order.number, order.item);
        }
        match page.after {
            Some(last) => after = Some(last),
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
    #[error("the API answered with status {status}")]
    Status {
        status: StatusCode,
        /// What the server has asked for.
        retry_after: Option<Duration>,
    },
}

struct Api {
    base: Url,
    client: HttpClient,
}

impl Api {
    fn at(base: Url, transport: &TrustedTransport) -> Result<Self, TransportError> {
        let client = transport
            .http()
            .timeout(Duration::from_secs(30))
            .read_timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { base, client })
    }

    /// One page, asked for until it is there or there is no hope.
    async fn orders(&self, after: Option<u64>) -> Result<Page, ApiError> {
        (|| self.orders_once(after))
            .retry(pace())
            .when(ApiError::may_pass)
            .adjust(|error, delay| delay.map(|delay| error.retry_after().unwrap_or(delay)))
            .notify(|error, delay| eprintln!("again in {:.1} s: {error}", delay.as_secs_f32()))
            .await
    }

    async fn orders_once(&self, after: Option<u64>) -> Result<Page, ApiError> {
        let mut url = self.base.clone();
        url.set_path("/orders");
        let request = self.client.get(url).bearer_auth("secret");
        let response = request.query(&[("after", after)]).send().await?;
        if !response.status().is_success() {
            return Err(ApiError::refused(&response));
        }
        Ok(response.json().await.map_err(TransportError::from)?)
    }
}

impl ApiError {
    fn refused(response: &Response) -> Self {
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let seconds = retry_after.and_then(|it| it.to_str().ok()?.parse().ok());
        Self::Status {
            status: response.status(),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    /// A certificate that is refused now is refused the next time, too: that is never tried again.
    fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Status { status, .. } => status.is_server_error() || status.as_u16() == 429,
        }
    }

    /// As long as it is bearable.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => retry_after.map(|it| it.min(LONGEST)),
            Self::Transport(_) => None,
        }
    }
}

fn pace() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_times(4)
        .with_jitter()
}

const LONGEST: Duration = Duration::from_secs(60);
