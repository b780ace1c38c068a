//! What the local API takes and returns, as JSON: plain data, made from the types of the modules that do the work.
//!
//! | file | what it is |
//! |---|---|
//! | `answer` | a scan or a search and its answer, open hits, discreet alerts |
//! | `encounter` | outcomes, owners' confirmations, late encounters |
//! | `status` | the device and its lists |
//! | `session` | officers and what they show |
//! | `drill`, `import`, `events`, `problem` | the outage exercise, bundles, what is streamed, errors |
//! | `schema` | types of other crates, described for OpenAPI |
//! | [`openapi`] | the description as a whole |
//!
//! Times are RFC 3339 in UTC, ids hexadecimal. Names of fields and words are a promise to integrators: a field may be
//! added, never renamed or given another meaning. Nothing here decides anything: who may see what was decided before.

mod answer;
mod drill;
mod encounter;
mod events;
mod import;
pub(super) mod openapi;
mod problem;
pub(super) mod schema;
mod session;
mod status;

pub use answer::{
    AlertView, AnswerView, CheckedView, DiscreetScanView, DocumentView, FindRequest, NameRequest,
    NumberRequest, OpenHitView, ReasonView, ScanRequest, StandingView, views,
};
pub use drill::{DrillReportView, DrillRequest, DrillView, EndDrill};
pub use encounter::{ConfirmationView, LateView, OutcomeRequest, OutcomeView, OwnerAnswerView};
pub use events::{LaggedView, ReaderRefusalView};
pub use import::{Import, ImportView};
pub use problem::{PlaceView, Problem};
pub use session::{RevealRequest, RevealedView, SessionView, SignInRequest, SignInView, SignedView};
pub use status::{CountsView, ListView, RosterView, SignIn, StatusView};
