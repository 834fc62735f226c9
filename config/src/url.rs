//! RTSP addresses without credentials, safe to print.

use std::{fmt, str::FromStr};

use url::Url;

use crate::{Credentials, Secret};

/// Why a text is no RTSP address. The text itself is never repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtspUrlError {
    /// Not a URL at all.
    #[error("is no URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// `http:`, `rtsps:` and the like.
    #[error("has the scheme `{0}`: only rtsp:// is supported")]
    Scheme(String),
    /// `rtsp:///path`.
    #[error("names no host")]
    NoHost,
    /// A user name or password whose %-codes are not UTF-8.
    #[error("has a user name or password that is not UTF-8 after %-decoding")]
    Userinfo,
}

/// An `rtsp://` address. Invariant: it has a host and no user name or password in its authority part.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RtspUrl(Url);

impl RtspUrl {
    /// Takes `text` apart into an address and the credentials that stood in it (`rtsp://user:password@host/…`).
    ///
    /// # Errors
    /// [`RtspUrlError`] when it is no `rtsp://` URL with a host.
    pub fn split(text: &str) -> Result<(Self, Option<Credentials>), RtspUrlError> {
        let mut url = Url::parse(text.trim())?;
        if url.scheme() != "rtsp" {
            return Err(RtspUrlError::Scheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(RtspUrlError::NoHost);
        }
        let username = percent_decode(url.username()).ok_or(RtspUrlError::Userinfo)?;
        let password = match url.password() {
            Some(coded) => Some(percent_decode(coded).ok_or(RtspUrlError::Userinfo)?),
            None => None,
        };
        let credentials = (!username.is_empty() || password.is_some())
            .then(|| Credentials { username, password: Secret::new(password.unwrap_or_default()) });
        // Both are refused only for URLs without a host, which are refused above.
        url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| RtspUrlError::NoHost)?;
        Ok((Self(url), credentials))
    }

    /// The address to connect to. Do not log it: some makers put a password into the path or the query;
    /// [`RtspUrl`]'s own `Display` hides that.
    #[must_use]
    pub const fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for RtspUrl {
    type Err = RtspUrlError;
    /// Drops credentials; use [`RtspUrl::split`] to keep them.
    fn from_str(text: &str) -> Result<Self, RtspUrlError> {
        Self::split(text).map(|(url, _)| url)
    }
}

impl fmt::Display for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(self.0.as_str()))
    }
}

impl fmt::Debug for RtspUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hides the values of parameters that carry credentials, in the query and in the path: XiongMai firmware wants
/// `/user=admin&password=…&channel=1` and `/user=admin_password=…_channel=1` as a path.
fn redacted(text: &str) -> String {
    const KEYS: [&str; 6] = ["password=", "passwd=", "pwd=", "pass=", "token=", "auth="];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // ASCII lower case keeps byte positions.
        let lower = rest.to_ascii_lowercase();
        let Some(value_at) = KEYS.iter().filter_map(|key| Some(lower.find(key)? + key.len())).min() else {
            out.push_str(rest);
            return out;
        };
        let (before, value) = rest.split_at(value_at);
        out.push_str(before);
        out.push_str("***");
        rest = &value[value.find(['&', ';', '/', '?', '#']).unwrap_or(value.len())..];
    }
}

/// RFC 3986 §2.1; `None` when the result is not UTF-8. A lone `%` stands for itself, as users write it.
fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let coded = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(coded.unwrap_or(bytes[at]));
        at += if coded.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_leave_the_address() {
        let (url, credentials) =
            RtspUrl::split("rtsp://admin:p%40ss%3Aw%25rd@10.0.0.7:554/Streaming/101").unwrap();
        let credentials = credentials.unwrap();
        assert_eq!(credentials.username, "admin");
        assert_eq!(credentials.password.expose(), "p@ss:w%rd");
        assert_eq!(url.as_url().as_str(), "rtsp://10.0.0.7:554/Streaming/101");
    }

    #[test]
    fn passwords_in_path_or_query_are_not_printed() {
        let check = |text: &str, shown: &str| {
            let url: RtspUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        };
        check("rtsp://c/user=admin&password=Geheim&channel=1", "rtsp://c/user=admin&password=***&channel=1");
        check("rtsp://c/user=admin_password=Geheim_channel=1.sdp", "rtsp://c/user=admin_password=***");
        check("rtsp://c/live?Token=abc&n=1", "rtsp://c/live?Token=***&n=1");
        check("rtsp://[::1]:8554/cam/main", "rtsp://[::1]:8554/cam/main");
    }

    #[test]
    fn what_is_no_rtsp_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "cam1",
            "http://a:hunter2@b/",
            "rtsps://a:hunter2@b/",
            "rtsp://",
            "rtsp:///hunter2",
            "rtsp://a:hunter2@:99999/",
        ] {
            let error = RtspUrl::split(text).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{text}");
        }
    }
}
