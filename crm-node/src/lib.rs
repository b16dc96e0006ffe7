//! The CRM library for Node.js. So far only its version exists; its operations come with the Node issue.

use napi_derive::napi;

/// Tells the version of the library.
#[napi]
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
