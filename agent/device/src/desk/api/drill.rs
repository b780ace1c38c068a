//! The outage exercise.

use crate::drill::DrillState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vedette_common::clock::rfc3339;

/// How long the link is to be held back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Begin)]
pub struct DrillRequest {
    /// 1 to 120.
    pub minutes: u32,
    /// Who begins it, over the Unix socket; a session says it itself.
    #[serde(default)]
    pub who: String,
}

/// Who ends it.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct EndDrill {
    /// Who ends it, over the Unix socket; a session says it itself.
    pub who: String,
}

/// A drill, while it runs or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillView {
    /// Who began it.
    pub who: String,
    pub started: String,
    /// When it ends or ended.
    pub ends: String,
    pub running: bool,
    pub report: DrillReportView,
}

/// What has been measured so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DrillReport)]
pub struct DrillReportView {
    /// Documents checked; the next four say how they were answered.
    pub checks: u64,
    pub hits: u64,
    pub possible: u64,
    pub clear: u64,
    pub not_checked: u64,
    /// Checks in which a list was past its lease.
    pub expired_lists: u64,
    /// Median time from the zone to the recorded answer, microseconds.
    pub median_us: u64,
    /// The slowest of a hundred, microseconds.
    pub p99_us: u64,
    /// Encounters that waited when the link came back.
    pub spooled: u64,
    /// Seconds from the end until every encounter was home; none while some wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_after_s: Option<u64>,
    /// What keeps the post from being ready, as codes of the console's messages; empty: it is ready.
    pub shortcomings: Vec<String>,
}

impl From<DrillState> for DrillView {
    fn from(drill: DrillState) -> DrillView {
        let report = drill.report;
        DrillView {
            who: drill.who,
            started: rfc3339(drill.started),
            ends: rfc3339(drill.ends),
            running: drill.running,
            report: DrillReportView {
                checks: report.checks,
                hits: report.hits,
                possible: report.possible,
                clear: report.clear,
                not_checked: report.not_checked,
                expired_lists: report.expired_lists,
                median_us: report.median_us,
                p99_us: report.p99_us,
                spooled: report.spooled,
                home_after_s: report.home_after_s,
                shortcomings: report.shortcomings.iter().map(|which| which.code().into()).collect(),
            },
        }
    }
}
