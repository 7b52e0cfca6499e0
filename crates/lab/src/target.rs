//! Where a proxy of the lab connects to: any host name means 127.0.0.1, and an IP address has to
//! be loopback. So tests use invented names, and no request can leave the machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpStream;

use crate::server::bounded;

/// The address that stands for `host`, which may be an IPv6 address in brackets.
pub(crate) fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    match unbracketed(host).parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() => Ok((ip, port).into()),
        Ok(_) => Err(io::ErrorKind::PermissionDenied.into()),
        Err(_) => Ok((Ipv4Addr::LOCALHOST, port).into()),
    }
}

/// Connects to what stands for `host`, for a bounded time.
pub(crate) async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    dial_addr(resolve(host, port)?).await
}

/// Connects to an address, for a bounded time.
pub(crate) async fn dial_addr(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = bounded(TcpStream::connect(addr)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(crate) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_loopback_and_other_addresses_are_refused() {
        let addr = |host| resolve(host, 443).ok().map(|addr| addr.to_string());
        assert_eq!(addr("origin.test").as_deref(), Some("127.0.0.1:443"));
        assert_eq!(addr("127.0.0.2").as_deref(), Some("127.0.0.2:443"));
        assert_eq!(addr("[::1]").as_deref(), Some("[::1]:443"));
        assert_eq!(addr("192.0.2.1"), None);
        assert_eq!(addr("[2001:db8::1]"), None);
    }
}
