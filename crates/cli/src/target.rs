//! One URL of `check`: how it is read and how it is shown. Queries, fragments and credentials
//! may be secrets and are never shown.

use trusted_transport::http::Url;

use crate::explain::Explanation;

/// A URL to connect to.
#[derive(Debug)]
pub(crate) struct Target {
    /// For people and for JSON.
    pub(crate) shown: String,
    pub(crate) scheme: Scheme,
    pub(crate) host: String,
    /// In full, for the connection.
    pub(crate) url: String,
    /// Nobody named it: whether its server speaks the protocol is not what was asked.
    pub(crate) is_twin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Https,
    Wss,
    Http,
    Ws,
}

impl Target {
    /// The error is for an argument that is no `https`, `wss`, `http` or `ws` URL with a host.
    pub(crate) fn of(argument: &str) -> Result<Self, Box<Explanation>> {
        let url = Url::parse(argument).ok();
        url.and_then(Self::of_url)
            .ok_or_else(|| not_a_url(&beginning(argument)))
    }

    /// The same over the other transport.
    pub(crate) fn twin(&self) -> Self {
        let other = match self.scheme {
            Scheme::Https => "wss",
            Scheme::Wss => "https",
            Scheme::Http => "ws",
            Scheme::Ws => "http",
        };
        let swap = |url: &str| url.replacen(self.scheme.as_str(), other, 1);
        Self {
            shown: swap(&self.shown),
            scheme: Scheme::named(other).unwrap_or(self.scheme),
            host: self.host.clone(),
            url: swap(&self.url),
            is_twin: true,
        }
    }

    fn of_url(url: Url) -> Option<Self> {
        Some(Self {
            shown: without_secrets(url.clone()),
            scheme: Scheme::named(url.scheme())?,
            host: url.host_str()?.to_owned(),
            url: url.into(),
            is_twin: false,
        })
    }
}

impl Scheme {
    fn named(scheme: &str) -> Option<Self> {
        match scheme {
            "https" => Some(Self::Https),
            "wss" => Some(Self::Wss),
            "http" => Some(Self::Http),
            "ws" => Some(Self::Ws),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Wss => "wss",
            Self::Http => "http",
            Self::Ws => "ws",
        }
    }
}

fn not_a_url(shown: &str) -> Box<Explanation> {
    let hint = "write it as https://HOST/PATH, or wss://HOST/PATH for a WebSocket".to_owned();
    Box::new(Explanation {
        kind: "invalid_request",
        message: format!("{shown} is no URL that can be checked"),
        causes: Vec::new(),
        hint: Some(hint),
        variable: None,
        path: None,
        position: None,
        line: None,
    })
}

fn without_secrets(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // These fail only where a URL cannot have credentials in the first place.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Of a text that is no URL it is not known where a secret would stand.
fn beginning(argument: &str) -> String {
    if argument.contains('@') {
        return "(a URL that cannot be read)".to_owned();
    }
    let end = argument.find(['?', '#']).unwrap_or(argument.len());
    argument[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for (argument, shown) in [
            (
                "https://u:secret@a.test/p?k=secret#secret",
                "https://a.test/p",
            ),
            ("wss://secret@a.test:8443?secret", "wss://a.test:8443/"),
        ] {
            assert_eq!(Target::of(argument).expect("a URL").shown, shown);
        }
    }

    #[test]
    fn what_is_no_url_is_an_error_without_its_secrets() {
        for (argument, shown) in [
            ("a.test/p?k=secret", "a.test/p is"),
            ("user:secret@a.test", "(a URL that cannot be read) is"),
            ("https://u:sec?ret@", "(a URL that cannot be read) is"),
            ("ftp://u:secret@a.test/", "(a URL that cannot be read) is"),
        ] {
            let error = Target::of(argument).expect_err(argument);
            assert!(error.message.starts_with(shown), "{error:?}");
            assert!(error.hint.is_some_and(|hint| hint.contains("https://")));
        }
    }

    #[test]
    fn the_twin_is_the_same_host_over_the_other_transport() {
        for (url, twin) in [
            ("https://a.test:1/p?q", "wss://a.test:1/p?q"),
            ("wss://https.test/", "https://https.test/"),
            ("http://a.test/", "ws://a.test/"),
            ("ws://a.test/", "http://a.test/"),
        ] {
            let target = Target::of(url).expect("a URL").twin();
            assert_eq!(target.url, twin);
            assert_eq!(target.scheme.as_str(), twin.split(':').next().expect("one"));
        }
    }

    #[test]
    fn the_connection_gets_the_whole_url() {
        let target = Target::of("WSS://u:secret@A.test/p?k=secret").expect("a URL");
        assert_eq!(target.scheme, Scheme::Wss);
        assert_eq!(target.url, "wss://u:secret@a.test/p?k=secret");
    }
}
