//! The one way out: an SDK that demands a `reqwest::Client`. The lint is answered where the
//! client is made, and the workspace's list of exemptions says why.

use trusted_transport::{TransportError, TrustedTransport};

/// Sends a report with the SDK.
pub async fn send(transport: &TrustedTransport) -> Result<(), TransportError> {
    let client = transport.http().build()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the SDK takes no other client; this one keeps the token's trust and routes"
    )]
    let client = client.into_reqwest();
    let answer = client.get("https://example.com/report").send().await?;
    println!("{}", answer.status());
    Ok(())
}
