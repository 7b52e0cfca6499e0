//! Names that must not be re-exported: if one were, it would be ambiguous between the two globs
//! (E0659).
macro_rules! absent {
    ($($module:ident: $from:path;)*) => {$(
        mod $module {
            use super::own::*;
            #[expect(unused_imports, reason = "none of its names may be used")]
            use $from::*;

            pub fn check() {
                let _: Option<(Client, ClientBuilder, RequestBuilder)> = None;
                let _: Option<(Certificate, Identity, Proxy, ClientConfig, RootCertStore)> = None;
                let _: Option<(Connector, TlsConnector, MaybeTlsStream, WebSocketStream)> = None;
                let _ = (get, connect, connect_async, client_async);
                let _: Option<(blocking::It, client::It, dns::It, handshake::It, tls::It)> = None;
                let _: Option<(reqwest::It, rustls::It, tungstenite::It)> = None;
            }
        }
    )*};
}

mod own {
    macro_rules! named {
        ($($type:ident)*; $($function:ident)*; $($module:ident)*) => {
            $(pub struct $type;)*
            $(pub fn $function() {})*
            $(pub mod $module { pub struct It; })*
        };
    }

    named! {
        Client ClientBuilder RequestBuilder Certificate Identity Proxy ClientConfig RootCertStore
        Connector TlsConnector MaybeTlsStream WebSocketStream;
        get connect connect_async client_async;
        blocking client dns handshake tls reqwest rustls tungstenite
    }
}

absent! {
    http: trusted_transport::http;
    ws: trusted_transport::ws;
}

fn main() {
    http::check();
    ws::check();
}
