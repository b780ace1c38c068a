//! The officer's page.

use super::access::Gate;
use axum::Router;

/// The page and its parts.
pub(super) fn router() -> Router<Gate> {
    Router::new()
}
