//! Everything that a caller needs of reqwest and tungstenite is re-exported, so that neither
//! stands in its manifest.
use trusted_transport::http::{Body, Error, Request, Response, Url, redirect, retry};
use trusted_transport::ws::{CloseCode, CloseFrame, WebSocketConfig};

fn main() {
    let _: Option<(Body, Error, Request, Response, Url)> = None;
    let _: (redirect::Policy, retry::Builder) = (redirect::Policy::none(), retry::never());
    let _: Option<(CloseFrame, CloseCode, WebSocketConfig)> = None;
}
