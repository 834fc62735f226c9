//! Supervision sheets (督办单): what is printed is written down when the sheet is issued, in the same transaction.

use sharpeyes_domain::incident::Actor;

use super::{Inner, Step};
use crate::store::{
    db::DbError,
    dispatch::{DispatchTx, IncidentRow, SheetBody, SheetUnit},
};

impl Inner {
    /// Issues the sheet of an urging that `row` has just had.
    pub(super) fn issue_sheet(
        &self,
        tx: &DispatchTx<'_>,
        row: &IncidentRow,
        step: &Step<'_>,
    ) -> Result<(), DbError> {
        let by = match step.actor {
            Actor::Person(account) => Some(account),
            Actor::Machine => None,
        };
        let by_name = match by {
            Some(account) => tx.person(account)?,
            None => None,
        };
        let still = match row.snapshot {
            Some(alarm) => tx.still(alarm)?,
            None => None,
        };
        let (id, version) = (row.id(), row.status.version);
        let urged_before = tx.times_urged(id, version)?;
        let class = self.centre.class(&row.class);
        let mut area_path: Vec<String> =
            self.areas.lineage(&row.area).map(|area| area.name.clone()).collect();
        area_path.reverse();
        let report = row.report.as_ref();
        let units = row.status.active().map(|one| SheetUnit {
            unit: one.unit.clone(),
            name: self.name(&one.unit),
            is_lead: one.is_lead,
        });
        tx.issue_sheet(id, version, self.calendar.year(step.now), |sheet_number, edition| SheetBody {
            sheet_number: Some(sheet_number),
            site: self.site.clone(),
            edition,
            at: step.now,
            by,
            by_name,
            demand: step.note.map(str::to_owned),
            urged_before,
            number: row.number.clone(),
            level: row.status.level,
            state: row.status.state,
            class: row.class.clone(),
            class_name: class.map_or_else(|| row.class.to_string(), |class| class.name.clone()),
            class_name_en: class.map_or_else(String::new, |class| class.name_en.clone()),
            area: row.area.clone(),
            area_path,
            camera_name: row.camera.as_ref().map(|camera| camera.name.clone()),
            location: report.and_then(|report| report.location.clone()),
            title: report.map(|report| report.title.clone()),
            evidence: row.evidence.clone(),
            began: row.began,
            due: row.status.due,
            units: units.collect(),
            still,
        })
    }
}
