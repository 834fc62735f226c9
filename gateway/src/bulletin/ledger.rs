//! The ledger (台账) as a file: one row for each incident, all of what is known of it, however many there are. A row is
//! written when it is read, so that a year takes no more memory than a day.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Seek as _},
    path::Path,
};

use jiff::{Timestamp, tz::TimeZone};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sharpeyes_config::Site;
use sharpeyes_domain::{
    ids::AccountId,
    incident::{Assignment, Ending},
    time::WallTime,
};

use super::{
    WriteError,
    build::{area_name, class_name, source_name, unit_name},
    csv,
    words::{self, Lang},
};
use crate::store::statistics::LedgerRow;

/// A sheet holds no more than 1,048,576 rows, and the first one is the head.
const MOST_SHEET_ROWS: u32 = 1_048_575;

/// What a column holds.
enum Cell {
    Text(String),
    Number(f64),
    Empty,
}

/// What rows are put into words with.
pub struct Ledger<'a> {
    /// Names of areas, classes and units.
    pub site: &'a Site,
    /// Names of people.
    pub names: &'a HashMap<AccountId, String>,
    /// Of the file.
    pub lang: Lang,
}

type Column = ((&'static str, &'static str), fn(&Ledger<'_>, &LedgerRow) -> Cell);

const COLUMNS: &[Column] = &[
    (("编号", "Number"), |_, r| Cell::Text(r.incident.number.clone())),
    (("来源", "Source"), |l, r| Cell::Text(l.lang.name(&source_name(r.incident.source)).to_owned())),
    (("类别", "Class"), |l, r| Cell::Text(l.lang.name(&class_name(l.site, &r.incident.class)).to_owned())),
    (("等级", "Level"), |l, r| {
        Cell::Text(l.lang.of(words::level(r.incident.status.level.number())).to_owned())
    }),
    (("状态", "State"), |l, r| {
        Cell::Text(l.lang.of(words::state(r.incident.status.state.as_str())).to_owned())
    }),
    (("网格", "Area"), |l, r| Cell::Text(area_name(l.site, &r.incident.area).name)),
    (("上级区域", "Lies in"), |l, r| {
        let mut path: Vec<&str> =
            l.site.areas.lineage(&r.incident.area).skip(1).map(|area| area.name.as_str()).collect();
        path.reverse();
        Cell::Text(path.join(" / "))
    }),
    (("标题", "Title"), |_, r| text(r.incident.report.as_ref().map(|report| &report.title))),
    (("情况", "Description"), |_, r| {
        text(r.incident.report.as_ref().and_then(|report| report.description.as_ref()))
    }),
    (("地点", "Place"), |_, r| {
        text(r.incident.report.as_ref().and_then(|report| report.location.as_ref()))
    }),
    (("纬度", "Latitude"), |_, r| degrees(r, |at| at.latitude)),
    (("经度", "Longitude"), |_, r| degrees(r, |at| at.longitude)),
    (("报告人", "Reporter"), |_, r| {
        text(r.incident.report.as_ref().and_then(|report| report.reporter.as_ref()))
    }),
    (("联系电话", "Telephone"), |_, r| {
        text(r.incident.report.as_ref().and_then(|report| report.phone.as_ref()))
    }),
    (("摄像机", "Camera"), |_, r| text(r.incident.camera.as_ref().map(|camera| &camera.name))),
    (("区域线", "Zone"), |_, r| {
        text(r.incident.camera.as_ref().and_then(|camera| camera.zone.as_ref()).map(|zone| &zone.name))
    }),
    (("告警次数", "Alarms"), |_, r| Cell::Number(r.incident.n_alarms.into())),
    (("发生时间", "Began"), |l, r| l.time(Some(r.incident.began))),
    (("接收时间", "Received"), |l, r| l.time(Some(r.incident.opened))),
    (("受理时间", "Accepted"), |l, r| l.time(r.accepted)),
    (("首接人", "Received by"), |l, r| l.person(r.incident.received_by)),
    (("责任人", "Answers for it"), |l, r| l.person(r.incident.status.claim.map(|claim| claim.owner))),
    (("派遣时间", "Dispatched"), |l, r| l.time(r.dispatched)),
    (("主办单位", "Lead unit"), |l, r| l.units(r, true)),
    (("协办单位", "Assisting units"), |l, r| l.units(r, false)),
    (("主办报到", "Lead signed in"), |l, r| l.time(lead(r).and_then(|one| one.signed))),
    (("主办到场", "Lead arrived"), |l, r| l.time(lead(r).and_then(|one| one.arrived))),
    (("主办办结", "Lead finished"), |l, r| l.time(lead(r).and_then(|one| one.finished))),
    (("办结时限", "Due"), |l, r| l.time(r.incident.status.due)),
    (("核查时间", "Verified"), |l, r| l.time(r.verified)),
    (("结束时间", "Ended"), |l, r| l.time(r.incident.status.ending.as_ref().map(Ending::at))),
    (("结束原因", "Reason"), |l, r| {
        Cell::Text(match &r.incident.status.ending {
            Some(Ending::Closed { reason, .. }) => l.lang.of(words::reason(reason.as_str())).to_owned(),
            Some(Ending::Rejected { reason, .. }) => l.lang.of(words::reason(reason.as_str())).to_owned(),
            None => String::new(),
        })
    }),
    (("超时次数", "Overdue"), |_, r| Cell::Number(r.counts.overdue.into())),
    (("退回次数", "Returns"), |_, r| Cell::Number(r.counts.returns.into())),
    (("返工次数", "Reworks"), |_, r| Cell::Number(r.counts.reworks.into())),
    (("挂起次数", "Holds"), |_, r| Cell::Number(r.counts.holds.into())),
    (("延期次数", "Extensions"), |_, r| Cell::Number(r.counts.extensions.into())),
    (("催办督办次数", "Urged"), |_, r| Cell::Number(r.counts.urges.into())),
    (("重开次数", "Reopened"), |_, r| Cell::Number(r.counts.reopenings.into())),
    (("回访时间", "Revisited"), |l, r| l.time(r.revisited)),
    (("满意度", "Satisfaction"), |l, r| {
        let said = r.incident.status.revisit.and_then(|revisit| revisit.satisfaction);
        Cell::Text(said.map(|said| l.lang.of(words::satisfaction(said)).to_owned()).unwrap_or_default())
    }),
    (("归档时间", "Archived"), |l, r| l.time(r.incident.status.overlays.archived)),
    (("并入", "Merged into"), |_, r| text(r.merged_into.as_ref())),
];

fn text(words: Option<&String>) -> Cell {
    words.map_or(Cell::Empty, |words| Cell::Text(words.clone()))
}

fn degrees(row: &LedgerRow, pick: fn(crate::store::dispatch::Position) -> f64) -> Cell {
    let position = row.incident.report.as_ref().and_then(|report| report.position);
    position.map_or(Cell::Empty, |at| Cell::Number(pick(at)))
}

/// Who led last: what was given back or taken back is in the history.
fn lead(row: &LedgerRow) -> Option<&Assignment> {
    let all = &row.incident.status.assignments;
    all.iter().rfind(|one| one.is_lead && one.is_active()).or_else(|| all.iter().rfind(|one| one.is_lead))
}

impl Ledger<'_> {
    fn time(&self, at: Option<WallTime>) -> Cell {
        let local = |zone: &TimeZone, at: WallTime| {
            let at = Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone());
            Some(at.strftime("%Y-%m-%d %H:%M:%S").to_string())
        };
        at.and_then(|at| local(&self.site.timezone, at)).map_or(Cell::Empty, Cell::Text)
    }

    fn person(&self, account: Option<AccountId>) -> Cell {
        account
            .and_then(|account| self.names.get(&account))
            .map_or(Cell::Empty, |name| Cell::Text(name.clone()))
    }

    fn units(&self, row: &LedgerRow, is_lead: bool) -> Cell {
        let all = row.incident.status.assignments.iter();
        let names: Vec<String> = all
            .filter(|one| one.is_lead == is_lead && one.is_seen())
            .map(|one| unit_name(self.site, &one.unit).name)
            .collect();
        Cell::Text(names.join(self.lang.of(("、", ", "))))
    }

    /// The first line of a file with commas, with the mark that says that it is UTF-8.
    #[must_use]
    pub fn csv_head(&self) -> String {
        let mut line = csv::MARK.to_owned();
        csv::line(&mut line, COLUMNS.iter().map(|(title, _)| self.lang.of(*title).to_owned()));
        line
    }

    /// One incident.
    pub fn csv_row(&self, row: &LedgerRow, into: &mut String) {
        let cells = COLUMNS.iter().map(|(_, cell)| match cell(self, row) {
            Cell::Text(words) => words,
            Cell::Number(n) => n.to_string(),
            Cell::Empty => String::new(),
        });
        csv::line(into, cells);
    }

    /// Writes a workbook into a file without a name in `dir`, and gives it, to be read from its beginning. `next` gives
    /// page after page, and an empty one at the end. Blocks; what is on the disk meanwhile is some 1.5 kB an incident.
    ///
    /// # Errors
    /// What `next` returned; [`WriteError::TooMany`] beyond what a sheet holds; [`WriteError::Library`].
    pub fn xlsx<E: From<WriteError>>(
        &self,
        dir: &Path,
        mut next: impl FnMut() -> Result<Vec<LedgerRow>, E>,
    ) -> Result<File, E> {
        let failed = |error: XlsxError| WriteError::Library { format: "XLSX", message: error.to_string() };
        let mut book = Workbook::new();
        book.set_tempdir(dir).map_err(failed)?;
        let head = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
        sheet.set_name(self.lang.of(("台账", "Ledger"))).map_err(failed)?;
        sheet.set_freeze_panes(1, 1).map_err(failed)?;
        for (col, (title, _)) in (0u16..).zip(COLUMNS) {
            sheet.write_string_with_format(0, col, self.lang.of(*title), &head).map_err(failed)?;
        }
        let mut at = 0;
        loop {
            let page = next()?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                at += 1;
                if at > MOST_SHEET_ROWS {
                    return Err(WriteError::TooMany { most: MOST_SHEET_ROWS }.into());
                }
                for (col, (_, cell)) in (0u16..).zip(COLUMNS) {
                    let written = match cell(self, row) {
                        // Always a string: what begins with `=` is no formula.
                        Cell::Text(words) if !words.is_empty() => sheet.write_string(at, col, words),
                        Cell::Number(n) => sheet.write_number(at, col, n),
                        Cell::Text(_) | Cell::Empty => continue,
                    };
                    written.map_err(failed)?;
                }
            }
        }
        let mut file = tempfile::tempfile_in(dir).map_err(|error| failed(error.into()))?;
        book.save_to_writer(BufWriter::new(&mut file)).map_err(failed)?;
        file.rewind().map_err(|error| failed(error.into()))?;
        Ok(file)
    }
}
