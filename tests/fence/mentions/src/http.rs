//! Clients of HTTP.

use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::TcpConnector;

use crate::ConnectorLayer;

pub fn trusted_transport() {
    let _ = trusted_transport::HttpClient::into_reqwest;
}

pub fn reqwest() {
    let _ = reqwest::get::<&str>;
    let _ = reqwest::Client::new;
    let _ = reqwest::Client::builder;
    let _ = reqwest::ClientBuilder::new;
    let _ = reqwest::RequestBuilder::build_split;
    let _ = reqwest::RequestBuilder::from_parts;
    let _ = reqwest::ClientBuilder::connector_layer::<ConnectorLayer>;
    let _ = reqwest::ClientBuilder::danger_accept_invalid_certs;
    let _ = reqwest::ClientBuilder::danger_accept_invalid_hostnames;
    let _ = reqwest::ClientBuilder::tls_danger_accept_invalid_certs;
    let _ = reqwest::ClientBuilder::tls_danger_accept_invalid_hostnames;
    let _: fn(_, ()) -> _ = reqwest::ClientBuilder::tls_backend_preconfigured;
    let _: fn(_, ()) -> _ = reqwest::ClientBuilder::use_preconfigured_tls;
    let _ = reqwest::ClientBuilder::tls_backend_native;
    let _ = reqwest::ClientBuilder::use_native_tls;
    let _ = reqwest::ClientBuilder::tls_backend_rustls;
    let _ = reqwest::ClientBuilder::use_rustls_tls;
    let _ = reqwest::ClientBuilder::add_root_certificate;
    let _: fn(_, Vec<reqwest::Certificate>) -> _ = reqwest::ClientBuilder::tls_certs_merge;
    let _: fn(_, Vec<reqwest::Certificate>) -> _ = reqwest::ClientBuilder::tls_certs_only;
    let _ = reqwest::ClientBuilder::tls_sslkeylogfile;
    let _ = reqwest::blocking::get::<&str>;
    let _ = reqwest::blocking::Client::new;
    let _ = reqwest::blocking::Client::builder;
    let _ = reqwest::blocking::ClientBuilder::new;
    let _ = reqwest::blocking::RequestBuilder::build_split;
    let _ = reqwest::blocking::RequestBuilder::from_parts;
    let _ = reqwest::blocking::ClientBuilder::connector_layer::<ConnectorLayer>;
    let _ = reqwest::blocking::ClientBuilder::danger_accept_invalid_certs;
    let _ = reqwest::blocking::ClientBuilder::danger_accept_invalid_hostnames;
    let _ = reqwest::blocking::ClientBuilder::tls_danger_accept_invalid_certs;
    let _ = reqwest::blocking::ClientBuilder::tls_danger_accept_invalid_hostnames;
    let _: fn(_, ()) -> _ = reqwest::blocking::ClientBuilder::tls_backend_preconfigured;
    let _: fn(_, ()) -> _ = reqwest::blocking::ClientBuilder::use_preconfigured_tls;
    let _ = reqwest::blocking::ClientBuilder::tls_backend_native;
    let _ = reqwest::blocking::ClientBuilder::use_native_tls;
    let _ = reqwest::blocking::ClientBuilder::tls_backend_rustls;
    let _ = reqwest::blocking::ClientBuilder::use_rustls_tls;
    let _ = reqwest::blocking::ClientBuilder::add_root_certificate;
    let _: fn(_, Vec<reqwest::Certificate>) -> _ =
        reqwest::blocking::ClientBuilder::tls_certs_merge;
    let _: fn(_, Vec<reqwest::Certificate>) -> _ = reqwest::blocking::ClientBuilder::tls_certs_only;
    let _ = reqwest::blocking::ClientBuilder::tls_sslkeylogfile;
}

pub fn ureq() {
    let _: fn(ureq::http::Request<()>) -> _ = ureq::run;
    let _ = ureq::agent;
    let _ = ureq::get::<&str>;
    let _ = ureq::post::<&str>;
    let _ = ureq::put::<&str>;
    let _ = ureq::delete::<&str>;
    let _ = ureq::head::<&str>;
    let _ = ureq::patch::<&str>;
    let _ = ureq::options::<&str>;
    let _ = ureq::connect::<&str>;
    let _ = ureq::trace::<&str>;
    let _ = ureq::Agent::new_with_defaults;
    let _ = ureq::Agent::new_with_config;
    let _ = ureq::Agent::config_builder;
    let _: fn(_, TcpConnector, DefaultResolver) -> _ = ureq::Agent::with_parts;
    let _ = <ureq::http::Request<()> as ureq::RequestExt<()>>::with_default_agent;
    let _ = ureq::config::Config::new_agent;
    let _ = ureq::tls::TlsConfigBuilder::disable_verification;
}

pub fn attohttpc() {
    let _ = attohttpc::get::<&str>;
    let _ = attohttpc::post::<&str>;
    let _ = attohttpc::put::<&str>;
    let _ = attohttpc::delete::<&str>;
    let _ = attohttpc::head::<&str>;
    let _ = attohttpc::options::<&str>;
    let _ = attohttpc::patch::<&str>;
    let _ = attohttpc::trace::<&str>;
    let _ = attohttpc::Session::new;
    let _ = attohttpc::RequestBuilder::new::<&str>;
    let _ = attohttpc::RequestBuilder::try_new::<&str>;
}

pub fn minreq() {
    let _ = minreq::get::<&str>;
    let _ = minreq::head::<&str>;
    let _ = minreq::post::<&str>;
    let _ = minreq::put::<&str>;
    let _ = minreq::delete::<&str>;
    let _ = minreq::connect::<&str>;
    let _ = minreq::options::<&str>;
    let _ = minreq::trace::<&str>;
    let _ = minreq::patch::<&str>;
    let _ = minreq::Request::new::<&str>;
}
