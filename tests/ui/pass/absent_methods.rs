//! Methods that must not exist: each is declared here with an argument that the real one does
//! not take, and an inherent method, if there were one, would be chosen and not compile. Unlike
//! a "no method named" error, this reads the same to every compiler.
use trusted_transport::{
    HttpClient, HttpClientBuilder, RequestBuilder, TransportBuilder, WebSocketBuilder, blocking,
};

struct Absent;

macro_rules! absent {
    ($module:ident: $type:ty: $($method:ident)*) => {
        mod $module {
            use super::*;

            trait Methods {
                $(fn $method(&self, _: Absent) {})*
            }
            impl Methods for $type {}
            pub fn check() {
                $(let _ = |value: $type| value.$method(Absent);)*
            }
        }
    };
}

absent! { client: HttpClient: into_reqwest inner into_inner get_ref as_ref deref }

absent! { request: RequestBuilder: build_split from_parts into_inner }

absent! { blocking_client: blocking::HttpClient: into_reqwest inner into_inner get_ref as_ref deref }

absent! { blocking_request: blocking::RequestBuilder: build_split from_parts into_inner }

absent! { blocking_response: blocking::Response: inner into_inner get_ref as_ref deref }

absent! { blocking_socket: blocking::WebSocket: get_ref get_mut into_inner as_ref deref }

absent! { builder: HttpClientBuilder:
    danger_accept_invalid_certs danger_accept_invalid_hostnames
    tls_danger_accept_invalid_certs tls_danger_accept_invalid_hostnames
    add_root_certificate tls_certs_merge tls_certs_only add_crl add_crls tls_crls_only
    tls_built_in_root_certs identity tls_sni tls_info tls_sslkeylogfile
    min_tls_version max_tls_version tls_version_min tls_version_max
    use_rustls_tls use_native_tls tls_backend_rustls tls_backend_native
    use_preconfigured_tls tls_backend_preconfigured
    proxy no_proxy resolve resolve_to_addrs dns_resolver hickory_dns no_hickory_dns
    connector_layer unix_socket local_address interface connection_verbose https_only
}

absent! { transport: TransportBuilder: dangerous danger certificate_verifier rustls_config }

absent! { socket: WebSocketBuilder: connector stream tls proxy }

fn main() {
    client::check();
    request::check();
    blocking_client::check();
    blocking_request::check();
    blocking_response::check();
    blocking_socket::check();
    builder::check();
    transport::check();
    socket::check();
}
