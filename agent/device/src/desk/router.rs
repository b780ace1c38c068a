//! Every call and the page -> one router, as each door serves it; and the calls' description.

use super::access::{self, Gate};
use super::api::openapi;
use super::error::ApiError;
use super::{console, drill, routes, session, stream};
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Largest request body, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

const HINT: &str = "GET /v1/openapi.json describes every call";

/// The calls' description, as JSON.
#[derive(Clone)]
struct Described(Arc<str>);

/// Calls that say who calls.
fn calls() -> OpenApiRouter<Gate> {
    OpenApiRouter::with_openapi(openapi::without_calls())
        .routes(routes!(routes::scan))
        .routes(routes!(routes::find))
        .routes(routes!(routes::answer))
        .routes(routes!(routes::open))
        .routes(routes!(routes::outcome))
        .routes(routes!(routes::lists))
        .routes(routes!(routes::status))
        .routes(routes!(routes::confirmations))
        .routes(routes!(routes::late_encounters))
        .routes(routes!(drill::begin, drill::show, drill::end))
        .routes(routes!(routes::import))
        .routes(routes!(stream::events))
        .routes(routes!(session::reveal))
        .routes(routes!(routes::metrics))
}

/// Calls by which an officer gets a session.
fn sessions() -> OpenApiRouter<Gate> {
    OpenApiRouter::default().routes(routes!(
        session::sign_in,
        session::session,
        session::renew,
        session::sign_out
    ))
}

/// Calls that tell nothing of anybody.
fn open_to_all() -> OpenApiRouter<Gate> {
    OpenApiRouter::default().routes(routes!(description))
}

/// Every call and the page, as one door serves them.
pub fn router(gate: Gate) -> Router {
    let calls = calls().route_layer(from_fn_with_state(gate.clone(), access::check_caller));
    let sessions = sessions().route_layer(from_fn_with_state(gate.clone(), session::on_loopback_only));
    let (calls, api) = calls.merge(sessions).merge(open_to_all()).split_for_parts();
    calls
        .layer(Extension(Described(json(api).into())))
        .merge(console::router())
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "there is nothing here", HINT))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here", HINT)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(gate.clone(), access::check_origin))
        .with_state(gate)
}

fn json(mut api: utoipa::openapi::OpenApi) -> String {
    openapi::complete(&mut api);
    api.to_json().expect("plain data with text keys is JSON")
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", responses(
    (status = 200, content_type = "application/json", body = Object, description = "OpenAPI 3.1."),
))]
async fn description(Extension(described): Extension<Described>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], described.0.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn description() -> Value {
        serde_json::from_str(&json(calls().merge(sessions()).merge(open_to_all()).into_openapi())).unwrap()
    }

    /// Every `$ref` in a description.
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_string));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(array) => array.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_call_but_a_sessions_says_that_it_wants_a_token() {
        for (path, methods) in description()["paths"].as_object().unwrap() {
            let open = ["/v1/session", "/v1/discreet", "/v1/openapi.json"].contains(&path.as_str());
            for (method, operation) in methods.as_object().unwrap() {
                assert_eq!(operation.get("security").is_none(), open, "{method} {path}");
            }
        }
    }

    #[test]
    fn it_is_openapi_3_1_and_every_reference_and_parameter_leads_somewhere() {
        let description = description();
        assert_eq!(description["openapi"], "3.1.0");
        let mut found = BTreeSet::new();
        references(&description, &mut found);
        assert!(found.contains("#/components/schemas/Answer"), "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        let mut ids = BTreeSet::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}: named twice");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2')), "{path}");
                assert!(responses.contains_key("default"), "{path}");
                for slot in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    let parameters = operation["parameters"].as_array().unwrap();
                    assert!(parameters.iter().any(|p| p["name"] == slot && p["in"] == "path"), "{path}");
                }
            }
        }
    }
}
