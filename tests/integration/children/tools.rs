//! Programs that other people wrote, each with one request to make.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program and how it is told to ask for `url`; `home` is a folder of its own.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) ask: fn(url: &str, home: &Path) -> Command,
}

pub(super) const CURL: Tool = Tool {
    name: "curl",
    ask: |url, _| command("curl", ["--silent", "--show-error", url]),
};

pub(super) const PYTHON: Tool = Tool {
    name: "urllib",
    ask: |url, _| {
        python(
            "python3".into(),
            "import urllib.request as it; it.urlopen(url)",
            url,
        )
    },
};

pub(super) const REQUESTS: Tool = Tool {
    name: "requests",
    ask: |url, _| {
        python(
            installed("python"),
            "import requests; requests.get(url)",
            url,
        )
    },
};

pub(super) const HTTPX: Tool = Tool {
    name: "httpx",
    ask: |url, _| python(installed("python"), "import httpx; httpx.get(url)", url),
};

pub(super) const HTTPLIB2: Tool = Tool {
    name: "httplib2",
    ask: |url, _| {
        let program = "import httplib2; httplib2.Http().request(url)";
        python(installed("python"), program, url)
    },
};

pub(super) const PIP: Tool = Tool {
    name: "pip",
    ask: |url, home| {
        let args = [
            "download",
            "--no-deps",
            "--retries=0",
            "--index-url",
            url,
            "nothing",
        ];
        let mut pip = command(installed("pip"), args);
        pip.current_dir(home)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        pip
    },
};

pub(super) const UV: Tool = Tool {
    name: "uv",
    ask: |url, home| {
        let args = [
            "pip",
            "install",
            "--no-cache",
            "--index-url",
            url,
            "nothing",
        ];
        let mut uv = command(installed("uv"), args);
        let target = home.join("uv");
        uv.arg("--target").arg(target).arg("--python");
        uv.arg(installed("python")).env("UV_HTTP_RETRIES", "0");
        uv
    },
};

pub(super) const DENO: Tool = Tool {
    name: "deno",
    ask: |url, _| {
        let program = format!("await fetch('{url}')");
        let mut deno = command(installed("deno"), ["eval", &program]);
        deno.env("DENO_NO_UPDATE_CHECK", "1");
        deno
    },
};

pub(super) const NODE: Tool = Tool {
    name: "node's https",
    ask: |url, _| command("node", ["-e", "require('https').get(process.argv[1])", url]),
};

pub(super) const NODE_FETCH: Tool = Tool {
    name: "node's fetch",
    ask: |url, _| command("node", ["-e", "fetch(process.argv[1])", url]),
};

pub(super) const NODE_OPENSSL: Tool = Tool {
    name: "node without its own roots",
    ask: |url, _| {
        command(
            "node",
            ["--use-openssl-ca", "-e", "fetch(process.argv[1])", url],
        )
    },
};

pub(super) const NPM: Tool = Tool {
    name: "npm",
    ask: |url, home| {
        let mut npm = command("npm", ["ping", "--fetch-retries=0", "--registry", url]);
        npm.current_dir(home);
        npm
    },
};

pub(super) const GIT: Tool = Tool {
    name: "git",
    ask: |url, _| {
        let mut git = command("git", ["ls-remote", url]);
        git.env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        git
    },
};

pub(super) const CARGO: Tool = Tool {
    name: "cargo",
    ask: |url, home| {
        let mut cargo = command(env!("CARGO"), ["fetch"]);
        cargo.current_dir(package(home));
        cargo
            .env("CARGO_HOME", home.join("cargo"))
            .env("CARGO_NET_RETRY", "0");
        cargo.env("CARGO_REGISTRIES_LAB_INDEX", format!("sparse+{url}"));
        cargo
    },
};

pub(super) const OPENSSL: Tool = Tool {
    name: "openssl",
    ask: |url, _| {
        let address = url.trim_start_matches("https://").trim_end_matches('/');
        let program = r#"printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' |
            openssl s_client -quiet -ign_eof -verify_return_error -connect "$0""#;
        command("sh", ["-c", program, address])
    },
};

fn command<'a>(program: impl Into<PathBuf>, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(program.into());
    command.env_clear().args(args);
    command
}

fn python(python: PathBuf, program: &str, url: &str) -> Command {
    let program = format!("import sys; url = sys.argv[1]; {program}");
    command(python, ["-c", &program, url])
}

/// In the virtual environment that `.ci/run` makes.
fn installed(program: &str) -> PathBuf {
    let folder = std::env::var_os("TEST_CHILDREN").expect("TEST_CHILDREN names the folder");
    PathBuf::from(folder).join(program)
}

/// One that depends on something in a registry.
fn package(home: &Path) -> PathBuf {
    let package = home.join("package");
    std::fs::create_dir_all(package.join("src")).expect("a folder");
    let manifest = "[package]\nname = 'package'\n[workspace]\n\
                    [dependencies]\nnothing = { version = '1', registry = 'lab' }\n";
    std::fs::write(package.join("Cargo.toml"), manifest).expect("written");
    std::fs::write(package.join("src/lib.rs"), "").expect("written");
    package
}
