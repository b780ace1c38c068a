//! Officers, and what they show.

use super::{ConfirmationView, DiscreetScanView, RosterView, SignIn, schema};
use crate::officers::Signed;
use crate::post::Revealed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::pin::Pin;
use vedette_common::roster::Role;

/// A badge, and the PIN where it is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// What the badge says.
    pub badge: String,
    /// The PIN; without it only a shift change gets in.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub pin: Option<Pin>,
}

/// Who may use the console now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Whether officers must sign in.
    pub sign_in: SignIn,
    /// The roster; none where none is in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<RosterView>,
    /// Who is signed in with this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<SignedView>,
}

/// An officer who has just signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInResult)]
pub struct SignInView {
    #[serde(flatten)]
    pub officer: SignedView,
    /// The page's half of the session's secret, 64 hexadecimal digits.
    pub page: String,
}

/// A signed-in officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Signed)]
pub struct SignedView {
    pub badge: String,
    /// As shown.
    pub name: String,
    #[schema(value_type = schema::Role)]
    pub role: Role,
    /// Whether discreet alerts may be revealed.
    pub discreet: bool,
    /// The language the console starts in; empty for the device's.
    pub language: String,
    /// A session ends this many seconds after its last use.
    pub idle_s: u64,
    /// Seconds left until then.
    pub idle_left_s: u64,
}

impl From<Signed> for SignedView {
    fn from(signed: Signed) -> SignedView {
        let Signed { badge, name, role, discreet, language, idle_s, idle_left_s } = signed;
        SignedView { badge, name, role, discreet, language, idle_s, idle_left_s }
    }
}

/// The PIN again, and perhaps one scan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reveal)]
pub struct RevealRequest {
    /// The officer's own PIN: showing what nobody may notice is a deliberate act.
    #[schema(value_type = String)]
    pub pin: Pin,
    /// Only this scan's.
    #[serde(default)]
    pub scan_id: Option<String>,
}

/// What only an entitled officer may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Revealed)]
pub struct RevealedView {
    /// The discreet alerts of the last hour, the newest scan first, each with the form to be filled in.
    pub scans: Vec<DiscreetScanView>,
    /// The clocks of discreet alerts that their owners must confirm, and their answers; the newest first, of a week.
    pub confirmations: Vec<ConfirmationView>,
}

impl RevealedView {
    /// As it stands at `now`, seconds since 1970.
    pub fn at(now: u64, revealed: Revealed) -> RevealedView {
        RevealedView {
            scans: revealed.scans.iter().map(DiscreetScanView::from).collect(),
            confirmations: revealed
                .confirmations
                .iter()
                .map(|clock| ConfirmationView::at(now, clock))
                .collect(),
        }
    }
}
