//! The API's description, OpenAPI 3.1: what the routes describe, and what holds for every call.
//!
//! Types are described where they are defined; those of other modules and crates in [`super::schema`].

use super::{LaggedView, Problem, ReaderRefusalView};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, ResponseBuilder};
use utoipa::{OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vedette",
        description = "The local API of a device: answers to document scans from the watchlists on it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(LaggedView, ReaderRefusalView, Problem))
)]
struct Description;

/// A description without calls.
pub(in super::super) fn without_calls() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// Adds what holds for every call: the token on loopback, and how errors are said.
pub(in super::super) fn complete(api: &mut utoipa::openapi::OpenApi) {
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
