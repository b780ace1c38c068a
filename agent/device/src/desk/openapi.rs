//! The API's description, OpenAPI 3.1, made from the code that answers.
//!
//! Types are described where they are defined; the enums of the shim, which is without std, in [`crate::schema`].

use super::{Problem, drill, events, routes, session};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vedette",
        description = "The local API of a device: answers to document scans from the watchlists it holds.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        routes::scan,
        routes::answer,
        routes::open,
        routes::outcome,
        routes::lists,
        routes::status,
        routes::import,
        routes::confirmations,
        routes::late_encounters,
        drill::begin,
        drill::show,
        drill::end,
        routes::events,
        description,
        routes::metrics,
        session::sign_in,
        session::session,
        session::renew,
        session::sign_out,
        session::reveal
    ),
    components(schemas(events::Lagged, events::Refused, Problem)),
    modifiers(&Common)
)]
struct Description;

/// The description as JSON.
pub(super) fn json() -> String {
    Description::openapi().to_json().expect("plain data with text keys is JSON")
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", responses(
    (status = 200, content_type = "application/json", body = Object, description = "OpenAPI 3.1."),
))]
pub(super) async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json()).into_response()
}

/// What holds for every call: the token on loopback, and how errors are said.
struct Common;

impl Modify for Common {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_default().add_security_scheme("token", token);
        let problem = || {
            let schema = Ref::from_schema_name(Problem::name());
            ResponseBuilder::new()
                .description("Every other status says what and where, and what to do about it.")
                .content("application/json", Content::new(Some(schema)))
                .build()
        };
        for path in api.paths.paths.values_mut() {
            for operation in
                [&mut path.get, &mut path.post, &mut path.put, &mut path.delete].into_iter().flatten()
            {
                operation.responses.responses.insert("default".into(), problem().into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn description() -> Value {
        serde_json::from_str(&super::json()).unwrap()
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
    fn every_call_is_described_and_nothing_else() {
        let description = description();
        let described: BTreeSet<&str> =
            description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let routes = [include_str!("router.rs")];
        let routes: BTreeSet<&str> = routes
            .iter()
            .flat_map(|source| source.split(".route(\"").skip(1))
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(described, routes);
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
