//! The SOCKS side of a proxy: SOCKS4, SOCKS4a, and SOCKS5 with or without a user name and password
//! (RFC 1928, RFC 1929). It is written by hand because no well-kept server crate speaks SOCKS4.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::proxy::{ProxyRequest, ProxySeen, Shared};
use crate::server::bounded;
use crate::target::dial;
use crate::tunnel::tunnel;

const CONNECT: u8 = 1;
const NO_AUTHENTICATION: u8 = 0;
const USER_PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

pub(crate) async fn serve<S>(stream: S, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The buffer serves the short fields of the handshake; larger reads bypass it.
    let mut client = BufReader::with_capacity(1024, stream);
    let handshake = bounded(async {
        match client.read_u8().await? {
            4 => socks4(&mut client, shared).await,
            5 => socks5(&mut client, shared).await,
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    });
    if let Ok(Some(origin)) = handshake.await {
        tunnel(client, origin).await;
    }
}

async fn socks4<S>(client: &mut S, shared: &Shared) -> io::Result<Option<TcpStream>>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let command = client.read_u8().await?;
    let port = client.read_u16().await?;
    let address = client.read_u32().await?;
    let user = terminated(client).await?;
    // 0.0.0.x with x not zero announces a name: that is SOCKS4a.
    let (kind, host) = if (1..=0xff).contains(&address) {
        (ProxyRequest::Socks4a, terminated(client).await?)
    } else {
        let host = Ipv4Addr::from(address).to_string();
        (ProxyRequest::Socks4, host)
    };
    let credentials = (!user.is_empty()).then_some(user);
    // SOCKS4 has no password, so it can never present the credentials that are demanded.
    let allowed = command == CONNECT && shared.credentials.is_none();
    let asked = seen(kind, format!("{host}:{port}"), credentials);
    let origin = open(asked, &host, port, allowed, shared).await;
    let code = if origin.is_ok() { 0x5a } else { 0x5b };
    client.write_all(&[0, code, 0, 0, 0, 0, 0, 0]).await?;
    client.flush().await?;
    Ok(origin.ok())
}

async fn socks5<S>(client: &mut S, shared: &Shared) -> io::Result<Option<TcpStream>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(credentials) = authenticate(client, shared).await? else {
        return Ok(None);
    };
    let [_version, command, _reserved] = read(client).await?;
    let host = match client.read_u8().await? {
        1 => IpAddr::from(Ipv4Addr::from(read::<4>(client).await?)).to_string(),
        4 => IpAddr::from(Ipv6Addr::from(read::<16>(client).await?)).to_string(),
        3 => counted(client).await?,
        _ => return reply5(client, 8).await.map(|()| None),
    };
    let port = client.read_u16().await?;
    let target = match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::from((ip, port)).to_string(),
        Err(_) => format!("{host}:{port}"),
    };
    let asked = seen(ProxyRequest::Socks5, target, credentials);
    let origin = open(asked, &host, port, command == CONNECT, shared).await;
    let code = match &origin {
        Ok(_) => 0,
        Err(_) if command != CONNECT => 7,
        Err(_) if shared.refuses() => shared.reply.unwrap_or(1),
        Err(error) => match error.kind() {
            io::ErrorKind::PermissionDenied => 2,
            io::ErrorKind::ConnectionRefused => 5,
            _ => 4,
        },
    };
    reply5(client, code).await?;
    Ok(origin.ok())
}

/// Negotiates the method and returns what the client presented, or `None` if that is not enough.
async fn authenticate<S>(client: &mut S, shared: &Shared) -> io::Result<Option<Option<String>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut methods = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut methods).await?;
    // A client that can present credentials is asked for them, so that they are recorded.
    let method = if methods.contains(&USER_PASSWORD) {
        USER_PASSWORD
    } else if methods.contains(&NO_AUTHENTICATION) && shared.credentials.is_none() {
        NO_AUTHENTICATION
    } else {
        NO_ACCEPTABLE_METHOD
    };
    say(client, &[5, method]).await?;
    if method == NO_AUTHENTICATION {
        return Ok(Some(None));
    }
    let presented = if method == USER_PASSWORD {
        let _version = client.read_u8().await?;
        let (user, password) = (counted(client).await?, counted(client).await?);
        Some(format!("{user}:{password}"))
    } else {
        None
    };
    let accepted =
        presented.is_some() && (shared.credentials.is_none() || shared.credentials == presented);
    if !accepted {
        let refused = seen(ProxyRequest::Socks5, String::new(), presented.clone());
        shared.requests.push(refused);
    }
    if presented.is_some() {
        say(client, &[1, u8::from(!accepted)]).await?;
    }
    Ok(accepted.then_some(presented))
}

fn seen(kind: ProxyRequest, target: String, credentials: Option<String>) -> ProxySeen {
    ProxySeen {
        kind,
        target,
        credentials,
        granted: false,
        headers: HeaderMap::new(),
        intercepted: false,
    }
}

/// Dials the target if that is allowed, and records the request with the outcome.
async fn open(
    mut asked: ProxySeen,
    host: &str,
    port: u16,
    allowed: bool,
    shared: &Shared,
) -> io::Result<TcpStream> {
    let origin = if allowed && !shared.refuses() {
        dial(host, port).await
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    };
    asked.granted = origin.is_ok();
    shared.requests.push(asked);
    origin
}

async fn reply5<S: AsyncWrite + Unpin>(client: &mut S, code: u8) -> io::Result<()> {
    say(client, &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn say<S: AsyncWrite + Unpin>(client: &mut S, bytes: &[u8]) -> io::Result<()> {
    client.write_all(bytes).await?;
    client.flush().await
}

async fn read<const N: usize>(client: &mut (impl AsyncRead + Unpin)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A field that is preceded by its length in one byte.
async fn counted<S: AsyncRead + Unpin>(client: &mut S) -> io::Result<String> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// A field that ends with a zero byte, of at most 255 bytes.
async fn terminated<S: AsyncBufRead + Unpin>(client: &mut S) -> io::Result<String> {
    let mut bytes = Vec::new();
    client.take(256).read_until(0, &mut bytes).await?;
    match bytes.pop() {
        Some(0) => String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
