//! What is played: a service, what the program is called with, and what the person does about what the
//! program says.

use std::pin::Pin;

use axum::Router;
use trusted_transport::HttpClient;

/// A service and a program's way to it.
pub struct Scene {
    pub(crate) service: Router,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) person: Person,
    pub(crate) typed: Option<Vec<u8>>,
    pub(crate) interrupt: Option<String>,
    pub(crate) variables: Vec<(&'static str, &'static str)>,
}

/// What the person does about a line that the program prints, with a browser that has the company's
/// bundle.
pub type Person =
    Box<dyn Fn(HttpClient, String) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

pub(crate) enum Argument {
    Url {
        scheme: &'static str,
        host: &'static str,
        path: &'static str,
    },
    Text(String),
}

impl Scene {
    /// Without arguments, and with a person who looks on.
    pub fn of(service: Router) -> Self {
        Self {
            service,
            arguments: Vec::new(),
            person: Box::new(|_, _| Box::pin(async {})),
            typed: None,
            interrupt: None,
            variables: Vec::new(),
        }
    }

    /// One more argument: a URL of the service, which only the proxy finds.
    #[must_use]
    pub fn url(self, scheme: &'static str, path: &'static str) -> Self {
        self.url_at(scheme, HOST, path)
    }

    /// One more argument: a URL of the service by its other name, `localhost`, which everybody finds.
    #[must_use]
    pub fn local_url(self, scheme: &'static str, path: &'static str) -> Self {
        self.url_at(scheme, LOCALHOST, path)
    }

    fn url_at(mut self, scheme: &'static str, host: &'static str, path: &'static str) -> Self {
        self.arguments.push(Argument::Url { scheme, host, path });
        self
    }

    /// One more argument, as it is.
    #[must_use]
    pub fn argument(mut self, text: impl Into<String>) -> Self {
        self.arguments.push(Argument::Text(text.into()));
        self
    }

    /// The same with URLs that ask for no TLS, at the name that everybody finds.
    #[must_use]
    pub fn without_tls(mut self) -> Self {
        for argument in &mut self.arguments {
            if let Argument::Url { scheme, host, .. } = argument {
                *scheme = scheme.strip_suffix('s').unwrap_or(scheme);
                *host = LOCALHOST;
            }
        }
        self
    }

    /// With one more variable in the program's environment.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// With no more variables than every program has.
    #[must_use]
    pub fn without_variables(mut self) -> Self {
        self.variables.clear();
        self
    }

    /// With this person.
    #[must_use]
    pub fn person(mut self, person: Person) -> Self {
        self.person = person;
        self
    }

    /// With this text typed, and then the end of the input, unless the program is to be interrupted.
    #[must_use]
    pub fn typed(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.typed = Some(text.into());
        self
    }

    /// With ctrl-c, once the program has printed this line.
    #[must_use]
    pub fn interrupted_at(mut self, line: impl Into<String>) -> Self {
        self.interrupt = Some(line.into());
        self
    }
}

/// Known to nobody but the proxy.
pub const HOST: &str = "service.test";
pub(crate) const LOCALHOST: &str = "localhost";
